//! What the measures are computed from.

use super::grid::Grid;
use crate::geo::Shape;
use crate::model::{Actor, Lang, Place, Version, taxonomy};
use crate::report::Named;
use crate::report::chart::Mark;
use geo::InteriorPoint;
use std::sync::Arc;
use uuid::Uuid;

/// A quartier inside the territory.
#[derive(Debug, Clone)]
pub struct Quartier {
    /// Which one.
    pub named: Named,
    /// Inhabitants, when somebody gave their number.
    pub population: Option<u64>,
    /// What it covers.
    pub shape: Shape,
}

/// A territory as of one position of the journal.
#[derive(Debug, Clone)]
pub struct Input {
    /// Language of all words.
    pub lang: Lang,
    /// Of which territory.
    pub territory: Named,
    /// Of which area inside it.
    pub area: Option<Named>,
    /// Position of the journal.
    pub position: Version,
    /// When that was, UTC, milliseconds since 1970.
    pub at: i64,
    /// Inhabitants of the area, or of the territory.
    pub population: Option<u64>,
    /// The area, or the territory; none without a boundary.
    pub shape: Option<Shape>,
    /// The quartiers inside it, by name.
    pub quartiers: Vec<Quartier>,
    /// The actors that the filter lets through, each once.
    pub actors: Vec<Actor>,
    /// The places of each of them, in the same order.
    pub places: Vec<Vec<Place>>,
    /// What the journal says of them, and of no others.
    pub deeds: Vec<Deed>,
    /// Where something is built; none without a base map or a boundary.
    pub grid: Option<Arc<Grid>>,
}

/// One row of the journal on an actor, as far as counting needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// On which actor.
    pub actor: Uuid,
    /// By whom; none for an import.
    pub author: Option<Uuid>,
    /// `osm` for an import from OpenStreetMap.
    pub source: Option<String>,
    /// It made the actor.
    pub created: bool,
    /// UTC, milliseconds since 1970.
    pub at: i64,
}

impl Quartier {
    /// A point inside, degrees.
    pub(super) fn middle(&self) -> Option<[f64; 2]> {
        self.shape.polygons().interior_point().map(|p| [p.x(), p.y()])
    }

    /// The built squares whose middle it covers.
    pub(super) fn squares(&self, grid: &Grid) -> Vec<usize> {
        let inside = |square: &usize| {
            let [lon, lat] = grid.metres.from(grid.middle(*square));
            self.shape.covers(lon, lat)
        };
        (0..grid.built.len()).filter(|s| grid.built[*s] > 0).filter(inside).collect()
    }
}

impl Input {
    /// Every point of every actor, degrees, with the actor.
    pub(super) fn points(&self) -> impl Iterator<Item = (&Actor, [f64; 2])> {
        self.actors.iter().zip(&self.places).flat_map(|(a, places)| places.iter().filter_map(move |p| Some((a, p.point?))))
    }

    /// The actors that lie somewhere.
    pub(super) fn somewhere(&self) -> impl Iterator<Item = &Actor> {
        self.actors.iter().zip(&self.places).filter(|(_, places)| places.iter().any(|p| p.point.is_some())).map(|(a, _)| a)
    }

    /// What is shown: the area, or else the territory.
    pub(super) fn shown(&self) -> &Named {
        self.area.as_ref().unwrap_or(&self.territory)
    }

    /// The built squares of each quartier; of the whole where there are no quartiers.
    pub(super) fn squares(&self, grid: &Grid) -> Vec<(String, Vec<usize>)> {
        if self.quartiers.is_empty() {
            let built = (0..grid.built.len()).filter(|s| grid.built[*s] > 0).collect();
            return vec![(self.shown().name.clone(), built)];
        }
        self.quartiers.iter().map(|q| (q.named.name.clone(), q.squares(grid))).collect()
    }

    /// How many actors have each theme as their main one, in the order of the taxonomy; the last number counts those without.
    pub(super) fn by_theme(&self) -> Vec<u64> {
        let mut counts = vec![0; taxonomy().themes.len() + 1];
        for actor in &self.actors {
            counts[theme(actor)] += 1;
        }
        counts
    }
}

/// Place of an actor's main theme in the taxonomy; one more than the last when it has none.
pub(super) fn theme(actor: &Actor) -> usize {
    taxonomy().theme_index(actor.category()).unwrap_or(taxonomy().themes.len())
}

/// Code and colour of a theme by its place.
pub(super) fn mark(theme: usize) -> Option<Mark> {
    taxonomy().themes.get(theme).map(|t| Mark { code: t.code.clone(), color: t.color.clone() })
}

/// Label of a theme by its place; of none for what lies beyond.
pub(super) fn label(lang: Lang, theme: usize) -> String {
    super::words::category(lang, taxonomy().themes.get(theme).map_or("", |t| &t.code))
}
