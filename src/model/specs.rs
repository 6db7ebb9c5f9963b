//! The fields of each kind of subject: their types, their limits, and the words that some of them accept.

use super::work;

/// How a field behaves when two people change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// One value, replaced as a whole.
    Scalar,
    /// A long text, merged line by line.
    Text,
    /// Members that are added and removed one by one.
    Set,
    /// Where a place is: longitude, latitude and precision change together.
    Position,
    /// The address of a place, changed together.
    Address,
    /// A GeoJSON polygon or multipolygon.
    Boundary,
    /// A whole number.
    Number,
}

/// One kind of actor.
pub const KINDS: &[&str] =
    &["person", "association", "collective", "company", "cooperative", "public_body", "foundation", "place", "media", "network"];
/// How far an actor works.
pub const SCOPES: &[&str] = &["quartier", "commune", "epci", "departement", "region", "national"];
/// Whether an actor is at work.
pub const STATUSES: &[&str] = &["active", "dormant", "closed", "planned"];
/// Wheelchair access, as in OpenStreetMap.
pub const WHEELCHAIR: &[&str] = &["yes", "limited", "no"];
/// How exactly a place is known.
pub const PRECISIONS: &[&str] = &["exact", "street", "quartier", "commune", "online"];
/// Kinds of territory.
pub const TERRITORY_KINDS: &[&str] = &["quartier", "commune", "epci", "departement", "region", "country", "custom"];
/// An actor has one primary category and at most two others.
pub const CATEGORIES_MAX: usize = 3;
/// An actor has at most this many places.
pub const PLACES_MAX: usize = 20;

/// An actor stands to at most this many others.
pub const RELATIONS_MAX: usize = 30;

/// What one field accepts.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Field name, or the last part of a place field.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Type,
    /// Most characters of the value, or of one member of a set.
    pub max: usize,
    /// Most members of a set.
    pub members: usize,
    pub(super) check: Check,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Check {
    Free,
    OneOf(&'static [&'static str]),
    Url,
    Email,
    Phone,
    Date,
    Day,
    Rna,
    Siret,
    Category,
    Slug,
    Theme,
    Moment,
    Id,
    CellKey,
    Test(fn(&str) -> bool, &'static str),
}

const fn scalar(name: &'static str, max: usize, check: Check) -> Spec {
    Spec { name, kind: Type::Scalar, max, members: 1, check }
}

const fn set(name: &'static str, members: usize, max: usize, check: Check) -> Spec {
    Spec { name, kind: Type::Set, max, members, check }
}

/// The fields of an actor. Limits from domain/actors.md §2b and common sense about what fits a card.
pub const ACTOR: &[Spec] = &[
    scalar("name", 120, Check::Free),
    scalar("short_name", 40, Check::Free),
    scalar("summary", 250, Check::Free),
    Spec { name: "description", kind: Type::Text, max: 5000, members: 1, check: Check::Free },
    scalar("kind", 20, Check::OneOf(KINDS)),
    scalar("primary_category", 60, Check::Category),
    set("categories", CATEGORIES_MAX - 1, 60, Check::Category),
    set("tags", 20, 40, Check::Free),
    set("links", 10, 500, Check::Url),
    set("images", 5, 500, Check::Url),
    set("former_names", 5, 120, Check::Free),
    scalar("website", 500, Check::Url),
    scalar("email", 120, Check::Email),
    scalar("phone", 40, Check::Phone),
    scalar("opening_hours", 255, Check::Free),
    scalar("rna", 10, Check::Rna),
    scalar("siret", 14, Check::Siret),
    scalar("legal_form", 80, Check::Free),
    scalar("scope", 20, Check::OneOf(SCOPES)),
    scalar("status", 20, Check::OneOf(STATUSES)),
    scalar("founded_on", 10, Check::Date),
    scalar("wheelchair", 10, Check::OneOf(WHEELCHAIR)),
    scalar("confirmed_on", 10, Check::Day),
    scalar("closing", 250, Check::Free),
    set("relations", RELATIONS_MAX, 50, Check::Test(work::is_relation, "kind:uuid")),
];

pub(super) const POSITION: Spec = Spec { name: "position", kind: Type::Position, max: 0, members: 1, check: Check::Free };
pub(super) const ADDRESS: Spec = Spec { name: "address", kind: Type::Address, max: 120, members: 1, check: Check::Free };

/// The fields of a territory.
pub const TERRITORY: &[Spec] = &[
    scalar("slug", 60, Check::Slug),
    scalar("name", 120, Check::Free),
    scalar("kind", 20, Check::OneOf(TERRITORY_KINDS)),
    scalar("code", 20, Check::Free),
    Spec { name: "population", kind: Type::Number, max: 2_000_000_000, members: 1, check: Check::Free },
    Spec { name: "boundary", kind: Type::Boundary, max: 0, members: 1, check: Check::Free },
    scalar("warning", 250, Check::Free),
];

/// How a séance's area is cut into pieces.
pub const GRIDS: &[&str] = &["quartiers", "cells"];
/// What a team says of a piece; without a word it is free.
pub const CELL_STATES: &[&str] = &["claimed", "done", "nothing"];

/// The fields of a séance.
pub const SEANCE: &[Spec] = &[
    scalar("title", 120, Check::Free),
    scalar("summary", 250, Check::Free),
    Spec { name: "area", kind: Type::Boundary, max: 0, members: 1, check: Check::Free },
    set("themes", 13, 10, Check::Theme),
    scalar("starts_at", 30, Check::Moment),
    scalar("ends_at", 30, Check::Moment),
    scalar("grid", 20, Check::OneOf(GRIDS)),
    Spec { name: "participants_max", kind: Type::Number, max: 500, members: 1, check: Check::Free },
    scalar("cancelled", 3, Check::OneOf(&["yes"])),
];

/// The fields of a piece of a séance's area.
pub const CELL: &[Spec] = &[
    scalar("seance", 36, Check::Id),
    scalar("key", 60, Check::CellKey),
    scalar("name", 120, Check::Free),
    scalar("state", 20, Check::OneOf(CELL_STATES)),
    scalar("team", 60, Check::Free),
    scalar("note", 250, Check::Free),
];

const fn tested(name: &'static str, max: usize, test: fn(&str) -> bool, form: &'static str) -> Spec {
    scalar(name, max, Check::Test(test, form))
}

/// The fields of a figure.
pub const FIGURE: &[Spec] = &[
    scalar("kind", 10, Check::OneOf(work::FIGURE_KINDS)),
    scalar("title", 120, Check::Free),
    scalar("caption", 500, Check::Free),
    scalar("alt", 500, Check::Free),
    tested("area", 60, work::is_area, "slug"),
    tested("bbox", 100, work::is_bbox, "west,south,east,north"),
    set("themes", 20, 60, Check::Category),
    scalar("text", 200, Check::Free),
    scalar("state", 20, Check::OneOf(&["to_check", "confirmed"])),
    tested("extent", 100, work::is_extent, "west,south,east,north"),
    scalar("format", 5, Check::OneOf(work::FORMATS)),
    scalar("orientation", 10, Check::OneOf(work::ORIENTATIONS)),
    scalar("style", 20, Check::OneOf(work::STYLES)),
    tested("measure", 40, work::is_code, "code"),
    scalar("status", 10, Check::OneOf(work::STATUSES)),
    set("embedders", 20, 200, Check::Test(work::is_origin, "https://host")),
    tested("frozen", 45, work::is_position, "epoch:seq"),
];

/// The fields of a report.
pub const REPORT: &[Spec] = &[
    scalar("title", 120, Check::Free),
    scalar("summary", 500, Check::Free),
    tested("picture", 64, work::is_hash, "sha256"),
    scalar("picture_alt", 500, Check::Free),
    scalar("status", 10, Check::OneOf(work::STATUSES)),
    tested("frozen", 45, work::is_position, "epoch:seq"),
];

/// The fields of a piece of text in a report.
pub const BLOCK: &[Spec] = &[
    scalar("report", 36, Check::Id),
    scalar("section", 20, Check::OneOf(work::SECTIONS)),
    Spec { name: "order", kind: Type::Number, max: 100_000, members: 1, check: Check::Free },
    Spec { name: "text", kind: Type::Text, max: 20_000, members: 1, check: Check::Free },
    scalar("figure", 36, Check::Id),
];

/// The fields of a participation device.
pub const DEVICE: &[Spec] = &[
    scalar("name", 120, Check::Free),
    scalar("step", 20, Check::OneOf(work::STEPS)),
    scalar("rung", 1, Check::OneOf(work::RUNGS)),
    scalar("since", 10, Check::Date),
    scalar("audience", 120, Check::Free),
    scalar("evaluation", 500, Check::Free),
    scalar("summary", 250, Check::Free),
];
