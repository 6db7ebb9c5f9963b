//! Actors and their links: a disc with the code of its theme, a line whose dashes tell the kind.

use super::Mark;
use super::sheet::{EDGE, Frame, INK, PETROL, PLAIN, Px, SOFT, Sheet, WIDTH, cut, width};
use super::spread::{apart, spread};

/// One actor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Node {
    /// Its name.
    pub label: String,
    /// Its theme.
    pub mark: Option<Mark>,
}

/// One link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Place of an actor.
    pub from: usize,
    /// Place of another.
    pub to: usize,
    /// Place of its kind.
    pub kind: usize,
    /// It goes one way.
    pub directed: bool,
}

/// Actors and links.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    /// The actors with a link.
    pub nodes: Vec<Node>,
    /// The links.
    pub edges: Vec<Edge>,
    /// Names of the kinds of link.
    pub kinds: Vec<String>,
    /// How many actors have no link.
    pub bare: usize,
    /// What is said when there is none.
    pub none: String,
    /// What is said of how many actors have no link, and of how many have too few to be drawn.
    pub left_out: [String; 2],
}

/// Actors that are drawn, the most linked ones.
const MOST: usize = 120;
/// Actors whose names are written, all of them up to so many.
const NAMED: usize = 45;
/// Dashes and widths of the kinds.
const STROKES: [&str; 5] = [
    "stroke-width=\"2\"",
    "stroke-width=\"2\" stroke-dasharray=\"8 4\"",
    "stroke-width=\"3.5\"",
    "stroke-width=\"2\" stroke-dasharray=\"2 4\"",
    "stroke-width=\"2\" stroke-dasharray=\"10 3 2 3\"",
];

/// Draws actors and links.
pub(super) fn draw(network: &Network, frame: &Frame) -> String {
    let mut sheet = Sheet::new(frame);
    sheet.define(&format!(
        "<marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerUnits=\"userSpaceOnUse\" markerWidth=\"10\" markerHeight=\"10\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"{SOFT}\"/></marker>"
    ));
    let (drawn, edges) = chosen(network);
    legend(&mut sheet, network);
    let pairs: Vec<[usize; 2]> = edges.iter().map(|e| [e.from, e.to]).collect();
    if drawn.is_empty() {
        sheet.text(EDGE, sheet.y + 24.0, &network.none, PLAIN.bold());
        sheet.y += 36.0;
        return sheet.finish(frame);
    }
    let high = (200.0 + 14.0 * drawn.len() as f64).clamp(240.0, 860.0);
    let (left, wide, top) = (EDGE + 70.0, WIDTH - 2.0 * EDGE - 140.0, sheet.y + 24.0);
    let mut places: Vec<[f64; 2]> = spread(drawn.len(), &pairs).into_iter().map(|[x, y]| [left + x * wide, top + y * (high - 60.0)]).collect();
    let (radius, size) = if drawn.len() <= NAMED { (14.0, [116.0, 48.0]) } else { (10.0, [44.0, 34.0]) };
    apart(&mut places, size, [[left - 10.0, top], [left + wide + 10.0, top + high - 60.0]]);
    for edge in &edges {
        line(&mut sheet, places[edge.from], places[edge.to], edge, radius);
    }
    for (place, i) in places.iter().zip(&drawn) {
        disc(&mut sheet, *place, &network.nodes[*i], radius);
    }
    // The most linked first; a name that would lie over another one or over a disc is left out, the table has it.
    let mut taken: Vec<[f64; 4]> = places.iter().map(|[x, y]| [x - radius, y - radius, x + radius, y + radius]).collect();
    for (place, i) in places.iter().zip(&drawn).take(NAMED) {
        name(&mut sheet, *place, &network.nodes[*i].label, radius, &mut taken);
    }
    sheet.y = top + high - 20.0;
    let few = network.nodes.len() - drawn.len();
    for (count, words) in [network.bare, few].iter().zip(&network.left_out).filter(|(count, _)| **count > 0) {
        sheet.y += 18.0;
        sheet.text(EDGE, sheet.y, &format!("{} {words}", super::super::statistics::number(frame.lang, *count as f64, 0)), PLAIN.soft());
    }
    sheet.finish(frame)
}

/// The most linked actors, and the links between them.
fn chosen(network: &Network) -> (Vec<usize>, Vec<Edge>) {
    let mut degrees = vec![0_usize; network.nodes.len()];
    let within = |e: &&Edge| e.from < network.nodes.len() && e.to < network.nodes.len();
    for edge in network.edges.iter().filter(within) {
        degrees[edge.from] += 1;
        degrees[edge.to] += 1;
    }
    let mut drawn: Vec<usize> = (0..degrees.len()).filter(|i| degrees[*i] > 0).collect();
    drawn.sort_by_key(|i| (std::cmp::Reverse(degrees[*i]), *i));
    drawn.truncate(MOST);
    let place = |node: usize| drawn.iter().position(|d| *d == node);
    let edges = network.edges.iter().filter(within).filter_map(|e| Some(Edge { from: place(e.from)?, to: place(e.to)?, ..*e })).collect();
    (drawn, edges)
}

fn legend(sheet: &mut Sheet, network: &Network) {
    let mut x = EDGE;
    for (kind, name) in network.kinds.iter().enumerate() {
        let count = network.edges.iter().filter(|e| e.kind == kind).count();
        let text = format!("{name} : {count}");
        let long = 44.0 + width(&text, 14.0) * 1.05 + 16.0;
        if x > EDGE && x + long > WIDTH - EDGE {
            x = EDGE;
            sheet.y += 22.0;
        }
        sheet.raw(format_args!(
            "<path d=\"M{} {}h36\" stroke=\"{SOFT}\" {} fill=\"none\"/>\n",
            Px(x),
            Px(sheet.y + 8.0),
            STROKES[kind % STROKES.len()]
        ));
        sheet.text(x + 44.0, sheet.y + 13.0, &text, PLAIN);
        x += long;
    }
    sheet.y += 26.0;
}

fn line(sheet: &mut Sheet, a: [f64; 2], b: [f64; 2], edge: &Edge, radius: f64) {
    let long = (b[0] - a[0]).hypot(b[1] - a[1]);
    if long <= 2.0 * radius {
        return;
    }
    let on = |t: f64| [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
    let ([ax, ay], [bx, by]) = (on(radius / long), on(1.0 - (radius + 1.5) / long));
    let end = if edge.directed { " marker-end=\"url(#a)\"" } else { "" };
    let stroke = STROKES[edge.kind % STROKES.len()];
    sheet.raw(format_args!("<path d=\"M{} {}L{} {}\" stroke=\"{SOFT}\" {stroke}{end} fill=\"none\"/>\n", Px(ax), Px(ay), Px(bx), Px(by)));
}

fn disc(sheet: &mut Sheet, [x, y]: [f64; 2], node: &Node, radius: f64) {
    let color = node.mark.as_ref().map_or(PETROL, |m| m.color.as_str());
    sheet.raw(format_args!(
        "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{}\" stroke=\"#FFFFFF\" stroke-width=\"2\"/>\n",
        Px(x),
        Px(y),
        super::sheet::Escaped(color)
    ));
    let code = node.mark.as_ref().map_or("–", |m| m.code.as_str());
    sheet.text(x, y + radius * 0.25, code, PLAIN.size(radius * 0.72).bold().middle().ink("#FFFFFF"));
}

/// A name under its disc, on a white ground, where it is free.
fn name(sheet: &mut Sheet, [x, y]: [f64; 2], label: &str, radius: f64, taken: &mut Vec<[f64; 4]>) {
    let text = cut(label, 112.0, 12.0);
    let half = width(&text, 12.0) * 0.53 + 3.0;
    let x = x.clamp(EDGE + half, WIDTH - EDGE - half);
    let top = y + radius + 2.0;
    let place = [x - half, top, x + half, top + 14.0];
    if taken.iter().any(|t| t[0] < place[2] && place[0] < t[2] && t[1] < place[3] && place[1] < t[3]) {
        return;
    }
    taken.push(place);
    let ground = [Px(x - half), Px(top), Px(half * 2.0)];
    sheet.raw(format_args!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"15\" rx=\"3\" fill=\"#FFFFFF\" fill-opacity=\"0.85\"/>\n",
        ground[0], ground[1], ground[2]
    ));
    sheet.text(x, top + 11.5, &text, PLAIN.size(12.0).middle().ink(INK));
}
