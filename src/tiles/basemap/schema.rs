//! Which object goes into which layer of the base map: the rules of `tiles/basemap/*.toml`, whose README explains them.

use crate::osm::Tags;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// Deepest zoom of the archive; the map over-zooms after it.
pub const MAX_ZOOM: u8 = 14;
/// Longest text kept of a tag, characters.
const TEXT_MAX: usize = 120;
/// Languages whose names are kept beside the local one.
const LANGUAGES: [&str; 3] = ["fr", "de", "en"];

const FILES: [&str; 4] = [
    include_str!("../../../tiles/basemap/1_water.toml"),
    include_str!("../../../tiles/basemap/2_land.toml"),
    include_str!("../../../tiles/basemap/3_streets.toml"),
    include_str!("../../../tiles/basemap/4_names.toml"),
];

/// As what a layer draws objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shape {
    /// Nodes.
    Point,
    /// Ways.
    Line,
    /// Closed ways and multipolygons.
    Area,
    /// Nodes, and a point inside each area.
    Label,
}

/// An attribute's value.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Value {
    /// True.
    Flag(bool),
    /// A whole number.
    Number(u64),
    /// A text.
    Text(String),
}

/// Attributes of a feature, by name.
pub(super) type Attributes = Vec<(&'static str, Value)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    layer: Vec<RawLayer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLayer {
    name: String,
    shapes: Vec<Shape>,
    #[serde(default)]
    min_area: u32,
    #[serde(default)]
    names: bool,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    rules: Vec<RawRule>,
    #[cfg_attr(not(test), expect(dead_code, reason = "examples are read by the test that runs them"))]
    examples: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    when: String,
    kind: Option<String>,
    zoom: u8,
    #[serde(default)]
    set: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(test), expect(dead_code, reason = "examples are read by the test that runs them"))]
struct Example {
    tags: BTreeMap<String, String>,
    zoom: Option<u8>,
    #[serde(default)]
    gives: BTreeMap<String, Value>,
}

/// Where an attribute comes from.
enum From {
    Flag(&'static str),
    Text(&'static str),
    Number(&'static str),
    Area,
    Link,
}

/// One word of a `when`.
struct Word {
    key: &'static str,
    values: Vec<&'static str>,
    not: bool,
}

impl Word {
    fn holds(&self, tags: &Tags<'_>) -> bool {
        let found = tags.get(self.key).is_some_and(|v| if self.values.is_empty() { v != "no" } else { self.values.contains(&v) });
        found != self.not
    }
}

struct Rule {
    words: Vec<Word>,
    kind: Option<&'static str>,
    zoom: u8,
    set: Vec<(&'static str, Value)>,
}

/// A layer of the base map.
pub(super) struct Layer {
    pub(super) name: &'static str,
    pub(super) shapes: Vec<Shape>,
    /// Square pixels (512 a tile) below which areas are left out at zooms under 14.
    pub(super) min_area: u32,
    names: bool,
    attributes: Vec<(&'static str, From)>,
    rules: Vec<Rule>,
    #[cfg(test)]
    examples: Vec<Example>,
}

/// An object fits a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    pub(super) layer: u8,
    pub(super) rule: u8,
}

/// All layers, from the ground up.
pub(super) struct Schema {
    pub(super) layers: Vec<Layer>,
    /// Rules by the key of their first word, so that an object is not held against every rule.
    by_key: HashMap<&'static str, Vec<Fit>>,
}

/// The schema of `tiles/basemap`.
pub(super) fn schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::load);
    &SCHEMA
}

impl Schema {
    /// The files are part of the program, so a mistake in them is found by every test.
    #[expect(clippy::expect_used, reason = "the files are compiled in and tests read them")]
    fn load() -> Self {
        let mut layers = Vec::new();
        for text in FILES {
            let file: File = toml::from_str(text).expect("tiles/basemap is understood");
            layers.extend(file.layer.into_iter().map(Layer::new));
        }
        let mut by_key: HashMap<&'static str, Vec<Fit>> = HashMap::new();
        for (l, layer) in layers.iter().enumerate() {
            for (r, rule) in layer.rules.iter().enumerate() {
                by_key.entry(rule.words[0].key).or_default().push(Fit { layer: l as u8, rule: r as u8 });
            }
        }
        Self { layers, by_key }
    }

    /// The first rule of each layer that tags fit, by layer.
    pub(super) fn fits(&self, tags: &Tags<'_>) -> Vec<Fit> {
        let mut out: Vec<Fit> = tags.keys().filter_map(|key| self.by_key.get(key)).flatten().copied().collect();
        if out.is_empty() {
            return out;
        }
        out.retain(|fit| self.layers[usize::from(fit.layer)].rules[usize::from(fit.rule)].words.iter().all(|w| w.holds(tags)));
        out.sort_unstable();
        out.dedup_by_key(|fit| fit.layer);
        out
    }

    /// Number of a layer.
    pub(super) fn layer(&self, name: &str) -> Option<u8> {
        self.layers.iter().position(|l| l.name == name).map(|i| i as u8)
    }
}

impl Layer {
    #[expect(clippy::expect_used, reason = "the files are compiled in and tests read them")]
    fn new(raw: RawLayer) -> Self {
        let rules = raw.rules.into_iter().map(Rule::new).collect();
        let attribute = |(name, spec): (String, String)| (&*name.leak(), From::parse(spec.leak()).expect("an attribute is understood"));
        Self {
            name: raw.name.leak(),
            shapes: raw.shapes,
            min_area: raw.min_area,
            names: raw.names,
            attributes: raw.attributes.into_iter().map(attribute).collect(),
            rules,
            #[cfg(test)]
            examples: raw.examples,
        }
    }

    /// Whether it draws shapes of a kind.
    pub(super) fn draws(&self, shape: Shape) -> bool {
        self.shapes.contains(&shape)
    }

    /// From which zoom on an object that fits a rule is drawn; the ocean, which has no rule, from the first.
    pub(super) fn zoom(&self, rule: u8) -> u8 {
        self.rules.get(usize::from(rule)).map_or(0, |rule| rule.zoom)
    }

    /// Names and types of all attributes, as `vector_layers` of a TileJSON wants them.
    pub(super) fn fields(&self) -> BTreeMap<&str, &str> {
        let mut out: BTreeMap<&str, &str> = self.attributes.iter().map(|(name, from)| (*name, from.kind())).collect();
        if self.rules.iter().any(|r| r.kind.is_some()) {
            out.insert("kind", "String");
        }
        if self.names {
            out.extend(["name", "name_fr", "name_de", "name_en"].map(|name| (name, "String")));
        }
        out.extend(self.rules.iter().flat_map(|r| &r.set).map(|(name, _)| (*name, "Boolean")));
        out
    }

    /// The attributes that an object's tags give it; `ground` is its area in m², for those that want it.
    pub(super) fn attributes(&self, rule: u8, tags: &Tags<'_>, ground: impl FnOnce() -> f64) -> Attributes {
        let mut out: Attributes = Vec::new();
        if let Some(rule) = self.rules.get(usize::from(rule)) {
            out.extend(rule.kind_of(tags).map(|kind| ("kind", Value::Text(kind))));
            out.extend(rule.set.iter().cloned());
        }
        if self.names {
            names(tags, &mut out);
        }
        let mut ground = Some(ground);
        for (name, from) in &self.attributes {
            let value = match from {
                From::Flag(key) => tags.get(key).is_some_and(|v| v != "no").then_some(Value::Flag(true)),
                From::Text(key) => tags.get(key).and_then(text),
                From::Number(key) => tags.get(key).and_then(number).map(Value::Number),
                From::Link => tags.get("highway").is_some_and(|v| v.ends_with("_link")).then_some(Value::Flag(true)),
                From::Area => ground.take().map(|ground| Value::Number(ground().round() as u64)),
            };
            out.extend(value.map(|value| (*name, value)));
        }
        out
    }
}

impl From {
    /// `flag KEY`, `text KEY`, `number KEY`, `area` or `link`.
    fn parse(spec: &'static str) -> Option<Self> {
        Some(match spec.split_once(' ') {
            Some(("flag", key)) => Self::Flag(key),
            Some(("text", key)) => Self::Text(key),
            Some(("number", key)) => Self::Number(key),
            None if spec == "area" => Self::Area,
            None if spec == "link" => Self::Link,
            _ => return None,
        })
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Flag(_) | Self::Link => "Boolean",
            Self::Text(_) => "String",
            Self::Number(_) | Self::Area => "Number",
        }
    }
}

/// Local name, and those in the languages of [`LANGUAGES`] that differ from it.
fn names(tags: &Tags<'_>, out: &mut Attributes) {
    let local = tags.get("name");
    out.extend(local.and_then(text).map(|name| ("name", name)));
    for (language, attribute) in LANGUAGES.iter().zip(["name_fr", "name_de", "name_en"]) {
        let name = tags.get(&format!("name:{language}")).filter(|name| Some(*name) != local);
        out.extend(name.and_then(text).map(|name| (attribute, name)));
    }
}

fn text(value: &str) -> Option<Value> {
    let clean = crate::model::text::clean(value, false);
    (!clean.is_empty()).then(|| Value::Text(clean.chars().take(TEXT_MAX).collect()))
}

/// `1 234` and `1234.0` are numbers too.
fn number(value: &str) -> Option<u64> {
    let digits: String = value.chars().filter(|c| !c.is_whitespace()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

impl Rule {
    fn new(raw: RawRule) -> Self {
        let words = raw.when.leak().split(' ').map(|word| {
            let (not, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
            let (key, values) = word.split_once('=').map_or((word, Vec::new()), |(key, values)| (key, values.split('|').collect()));
            Word { key, values, not }
        });
        Self {
            words: words.collect(),
            kind: raw.kind.map(|k| &*k.leak()),
            zoom: raw.zoom,
            set: raw.set.into_iter().map(|(k, v)| (&*k.leak(), v)).collect(),
        }
    }

    fn kind_of(&self, tags: &Tags<'_>) -> Option<String> {
        let kind = self.kind?;
        match kind.strip_prefix('{').and_then(|k| k.strip_suffix('}')) {
            Some(key) => tags.get(key).map(|v| v.strip_suffix("_link").unwrap_or(v).to_owned()),
            None => Some(kind.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_does_what_its_examples_say() {
        let schema = schema();
        for (number, layer) in schema.layers.iter().enumerate() {
            for example in &layer.examples {
                let list: Vec<(&str, &str)> = example.tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
                let tags = Tags::of(&list);
                let fit = schema.fits(&tags).into_iter().find(|fit| usize::from(fit.layer) == number);
                assert_eq!(fit.map(|f| layer.zoom(f.rule)), example.zoom, "{} {list:?}", layer.name);
                let Some(fit) = fit else { continue };
                let mut given: BTreeMap<String, Value> =
                    layer.attributes(fit.rule, &tags, || 7.0).into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
                given.remove("way_area");
                assert_eq!(given, example.gives, "{} {list:?}", layer.name);
            }
            let drawn_by_code = layer.name == "ocean";
            assert!(drawn_by_code || (!layer.examples.is_empty() && !layer.rules.is_empty()), "{} has rules and examples", layer.name);
        }
    }

    #[test]
    fn the_layers_are_well_formed() {
        let schema = schema();
        let mut names: Vec<&str> = schema.layers.iter().map(|l| l.name).collect();
        for layer in &schema.layers {
            assert!(layer.rules.len() < 256 && layer.rules.iter().all(|r| r.zoom <= MAX_ZOOM && !r.words[0].not), "{}", layer.name);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), schema.layers.len());
    }

    #[test]
    fn a_tag_that_lists_an_object_twice_gives_one_feature_a_layer() {
        let tags = Tags::of(&[("building", "yes"), ("building:part", "yes"), ("addr:housenumber", "3")]);
        let names: Vec<&str> = schema().fits(&tags).iter().map(|f| schema().layers[usize::from(f.layer)].name).collect();
        assert_eq!(names, ["buildings", "addresses"]);
    }

    #[test]
    fn hostile_values_are_cut_and_cleaned() {
        let long = "é".repeat(5000);
        let tags = Tags::of(&[("place", "town"), ("name", &long), ("population", "12 345 hab.")]);
        let fit = schema().fits(&tags)[0];
        let given = schema().layers[usize::from(fit.layer)].attributes(fit.rule, &tags, || 0.0);
        assert!(given.iter().any(|(k, v)| *k == "population" && *v == Value::Number(12_345)));
        assert!(given.iter().any(|(k, v)| *k == "name" && matches!(v, Value::Text(t) if t.chars().count() == TEXT_MAX)));
    }
}
