//! What address search is measured on: real addresses of the team's shared data, the queries of geocoder-tester that they can answer, and
//! queries drawn from the addresses themselves.

use anyhow::Context;
use bouillon::geocode::same_words;
use bouillon::model::text::fold;
use bouillon::store::{Address, AddressKind, AddressSource};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The extracts whose addresses are imported.
pub(crate) const EXTRACTS: [&str; 9] = [
    "redon",
    "lorient-2019-07",
    "le-mans-quartier-2020",
    "pont-de-veyle",
    "monaco-riviera-2016-03",
    "liechtenstein-2021-10",
    "munchen-2020-07",
    "kobenhavn-nometa",
    "helsinki-2019-04",
];

/// A query with what must be among the answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) text: String,
    pub(crate) near: Option<[f64; 2]>,
    /// The street, or the commune.
    pub(crate) name: String,
    pub(crate) city: String,
    pub(crate) postcode: String,
    /// The house number must be found too.
    pub(crate) number: Option<String>,
    pub(crate) municipality: bool,
    pub(crate) misspelt: bool,
}

/// The team's shared data; none when it is not there.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    file.exists().then_some(file)
}

fn packed(path: &str) -> anyhow::Result<String> {
    let file = shared(path).with_context(|| format!("{path} is missing"))?;
    let bytes = if path.ends_with(".bz2") {
        Command::new("bzcat").arg(&file).output().context("bzcat is needed")?.stdout
    } else {
        let mut bytes = Vec::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(&file)?).read_to_end(&mut bytes)?;
        bytes
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

type Line = HashMap<String, String>;

fn table(text: &str, separator: u8) -> anyhow::Result<Vec<Line>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let line = |r: csv::StringRecord| names.iter().cloned().zip(r.iter().map(|v| v.trim().to_owned())).collect();
    Ok(reader.into_records().filter_map(Result::ok).map(line).collect())
}

/// Every commune of France, as an import of territories would know them.
pub(crate) fn communes() -> anyhow::Result<Vec<Address>> {
    let lines = table(&packed("admin/communes-centroides.csv.gz")?, b',')?;
    let address = |l: &Line| {
        Some(Address {
            kind: AddressKind::Municipality,
            reference: l["code"].clone(),
            name: l["nom"].clone(),
            other: Vec::new(),
            postcode: l["codes_postaux"].split(' ').next().map(str::to_owned),
            city: Some(l["nom"].clone()),
            old_city: None,
            citycode: Some(l["code"].clone()),
            lon: l["lon"].parse().ok()?,
            lat: l["lat"].parse().ok()?,
            population: l["population"].parse().ok(),
            poi: None,
            numbers: Vec::new(),
        })
    };
    Ok(lines.iter().filter_map(address).collect())
}

/// Toulouse, Arles (in Lambert-93) and what there is of the Limousin, as one file with the columns of the BAN.
pub(crate) fn write_ban(to: &Path, communes: &[Address]) -> anyhow::Result<()> {
    let mut out = csv::WriterBuilder::new().delimiter(b';').from_path(to)?;
    out.write_record(["numero", "rep", "nom_voie", "code_postal", "code_insee", "nom_commune", "x", "y", "lon", "lat"])?;
    for l in table(&packed("search/adresses-toulouse-virgule.csv.bz2")?, b';')? {
        let (number, suffix) = split(&l["no"]);
        out.write_record([number, suffix, &l["lib_off"], "", "31555", "Toulouse", "", "", &l["X_WGS84"], &l["Y_WGS84"]])?;
    }
    for l in table(&packed("search/adresses-arles-lambert93.csv.bz2")?, b',')? {
        let street = format!("{} {}", l["TYPEVOIE"], l["NOMVOIE"]);
        out.write_record([&l["NUM_VOI"], &l["SUF_VOI"], &street, &l["CODE_POSTA"], &l["CODCOMM"], &l["VILLE"], &l["X"], &l["Y"], "", ""])?;
    }
    let file = shared("search/bano-limousin-extrait.csv").context("bano-limousin-extrait.csv is missing")?;
    for l in csv::ReaderBuilder::new().has_headers(false).from_path(file)?.records().filter_map(Result::ok) {
        let ((number, suffix), city) = (split(&l[1]), l[4].to_owned());
        let here = |c: &&Address| c.citycode.as_ref().is_some_and(|code| code[..2] == l[3][..2]) && fold(&c.name).starts_with(&fold(&city));
        let Some(commune) = communes.iter().find(here) else { continue };
        let code = commune.citycode.as_deref().unwrap_or("");
        out.write_record([number, suffix, &l[2], &l[3], code, &city, "", "", &l[7], &l[6]])?;
    }
    Ok(out.flush()?)
}

fn split(number: &str) -> (&str, &str) {
    let (digits, rest) = number.trim().split_at(number.trim().bytes().take_while(u8::is_ascii_digit).count());
    (digits, rest.trim())
}

/// The queries of geocoder-tester whose expected street stands in the data with its commune or postcode, or that expect a commune by name.
pub(crate) fn tester(all: &[(AddressSource, Address)]) -> anyhow::Result<Vec<Asked>> {
    let known = Known::new(all);
    let folder = shared("search/geocoder-tester").context("geocoder-tester is missing")?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut out = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file)?;
        let first = text.lines().next().unwrap_or("");
        let separator = if first.matches(';').count() > first.matches(',').count() { b';' } else { b',' };
        let name = file.file_name().and_then(|n| n.to_str()).unwrap_or("").to_owned();
        let misspelt = name.contains("fuzzy") || name.contains("typo");
        out.extend(table(&text, separator)?.iter().filter_map(|l| known.asked(l)).map(|a| Asked { misspelt, ..a }));
    }
    Ok(out)
}

/// Streets by folded name, and names of communes.
struct Known<'a> {
    streets: HashMap<String, Vec<&'a Address>>,
    communes: HashMap<String, &'a Address>,
}

impl<'a> Known<'a> {
    fn new(all: &'a [(AddressSource, Address)]) -> Self {
        let (mut streets, mut communes) = (HashMap::<String, Vec<&Address>>::new(), HashMap::new());
        for (_, a) in all {
            match a.kind {
                AddressKind::Street => streets.entry(bouillon::geocode::key(&a.name)).or_default().push(a),
                AddressKind::Municipality => drop(communes.insert(bouillon::geocode::key(&a.name), a)),
                AddressKind::Locality | AddressKind::Poi => {}
            }
        }
        Self { streets, communes }
    }

    fn asked(&self, l: &Line) -> Option<Asked> {
        let get = |key: &str| l.get(key).map(String::as_str).filter(|v| !v.is_empty());
        let text = get("query")?.to_owned();
        let (mut name, mut street) = (get("expected_name"), get("expected_street"));
        let (city, postcode) = (get("expected_city"), get("expected_postcode").map(|p| format!("{p:0>5}")));
        // « 34 Avenue de l'Opéra » as a name is a house number and a street.
        if let (None, Some(n), true) = (street, name, city.is_some() || postcode.is_some()) {
            let bare = n.split_once(' ').filter(|(no, _)| no.starts_with(|c: char| c.is_ascii_digit())).map_or(n, |(_, s)| s);
            if bare != n || self.streets.contains_key(&bouillon::geocode::key(n)) {
                (street, name) = (Some(bare), None);
            }
        }
        let near = get("lon").zip(get("lat")).and_then(|(lon, lat)| Some([lon.parse().ok()?, lat.parse().ok()?]));
        let asked = Asked { text, near, city: city.unwrap_or("").into(), postcode: postcode.clone().unwrap_or_default(), ..Asked::default() };
        if let Some(street) = street {
            let fits = |a: &Address| {
                let towns = [&a.city, &a.old_city];
                city.is_some_and(|c| towns.into_iter().flatten().any(|t| same_words(t, c))) || (postcode.is_some() && a.postcode == postcode)
            };
            let known = self.streets.get(&bouillon::geocode::key(street)).is_some_and(|list| list.iter().any(|a| fits(a)));
            return known.then(|| Asked { name: street.into(), ..asked });
        }
        // With a commune beside it the name is that of a place in it.
        let name = name.filter(|_| city.is_none())?;
        self.communes.get(&bouillon::geocode::key(name)).map(|_| Asked { name: name.into(), municipality: true, city: String::new(), ..asked })
    }
}

/// So many addresses of the data, each written as people write them: whole, with the postcode, the commune first, without the number,
/// folded with abbreviations. The second list has the same with a letter wrong, two words with one, or two words glued together.
pub(crate) fn drawn(all: &[(AddressSource, Address)], count: usize) -> (Vec<Asked>, Vec<Asked>) {
    let mut dice = StdRng::seed_from_u64(7);
    let streets: Vec<&Address> =
        all.iter().map(|(_, a)| a).filter(|a| a.kind == AddressKind::Street && !a.numbers.is_empty() && a.city.is_some()).collect();
    let (mut exact, mut misspelt) = (Vec::new(), Vec::new());
    for i in 0..count {
        let Some((a, n)) = streets.choose(&mut dice).and_then(|a| Some((*a, a.numbers.choose(&mut dice)?))) else { continue };
        let city = a.old_city.as_deref().or(a.city.as_deref()).unwrap_or("");
        let code = a.postcode.as_deref().or(a.citycode.as_deref()).unwrap_or(city);
        let number = n.0.as_str();
        let (text, with_number) = match i % 5 {
            0 => (format!("{number} {} {city}", a.name), true),
            1 => (format!("{number} {} {code}", a.name), true),
            2 => (format!("{city} {} {number}", a.name), true),
            3 => (format!("{} {city}", a.name), false),
            _ => (abbreviated(&format!("{number} {} {city}", a.name)), true),
        };
        let asked = Asked { text, name: a.name.clone(), city: city.into(), number: with_number.then(|| number.to_owned()), ..Asked::default() };
        if let Some(words) = spoilt(&format!("{} {city}", a.name), i % 5, &mut dice) {
            misspelt.push(Asked { text: format!("{number} {words}"), number: Some(number.to_owned()), misspelt: true, ..asked.clone() });
        }
        exact.push(asked);
    }
    (exact, misspelt)
}

fn abbreviated(text: &str) -> String {
    let short = [("avenue", "av"), ("boulevard", "bd"), ("place", "pl"), ("rue", "r"), ("chemin", "che"), ("saint", "st"), ("docteur", "dr")];
    let words = fold(text);
    words.split(' ').map(|w| short.iter().find(|(long, _)| *long == w).map_or(w, |(_, s)| s)).collect::<Vec<_>>().join(" ")
}

fn spoilt(text: &str, how: usize, dice: &mut StdRng) -> Option<String> {
    let mut words: Vec<String> = fold(text).split(' ').map(str::to_owned).collect();
    let long: Vec<usize> = (0..words.len()).filter(|i| words[*i].len() >= 4 && words[*i].is_ascii()).collect();
    if how == 4 && words.len() > 1 {
        let i = dice.random_range(0..words.len() - 1);
        let next = words.remove(i + 1);
        words[i].push_str(&next);
    } else {
        let wrong = if how == 3 { 2.min(long.len()) } else { 1 };
        for i in long.choose_multiple(dice, wrong) {
            words[*i] = slip(&words[*i], dice);
        }
        long.first()?;
    }
    Some(words.join(" "))
}

/// A letter left out, added, taken for another, or swapped with the one before; never the first.
fn slip(word: &str, dice: &mut StdRng) -> String {
    let mut letters: Vec<u8> = word.bytes().collect();
    let at = dice.random_range(1..letters.len());
    let other = *b"abcdefghilmnoprstuvz".choose(dice).unwrap_or(&b'e');
    match dice.random_range(0..4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, other),
        2 => letters[at] = other,
        _ => letters.swap(at - 1, at),
    }
    String::from_utf8_lossy(&letters).into_owned()
}
