//! One object with everything that is kept of it when it is written again. User names and numbers are not.

use crate::osm::blocks::{At, Kind, Object};
use osmpbf::{Element, RelMemberType};

/// An object, or the news that it is gone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) id: i64,
    /// 0 when unknown.
    pub(super) version: i64,
    /// Seconds since 1970, UTC; 0 when unknown.
    pub(super) time: i64,
    pub(super) tags: Vec<(String, String)>,
    /// None: deleted.
    pub(super) body: Option<Body>,
}

/// What an object is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    Node(At),
    /// The nodes in their order.
    Way(Vec<i64>),
    /// Kind, number and role of each member.
    Relation(Vec<(Kind, i64, String)>),
}

impl Item {
    /// A copy of an object of a block; none of a node that is not on Earth.
    pub(super) fn of(object: &Object<'_>) -> Option<Self> {
        let body = match object.kind() {
            Kind::Node => Body::Node(object.at()?),
            Kind::Way => Body::Way(object.refs()),
            Kind::Relation => Body::Relation(members(object)),
        };
        let tags = object.tags().0.into_iter().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        Some(Self { kind: object.kind(), id: object.id(), version: object.version(), time: time(object), tags, body: Some(body) })
    }

    /// Whether it was deleted.
    pub(super) fn gone(&self) -> bool {
        self.body.is_none()
    }

    /// Bytes that it takes in memory, roughly.
    pub(super) fn memory(&self) -> u64 {
        let texts: usize = self.tags.iter().map(|(k, v)| k.len() + v.len() + 64).sum();
        let body = match &self.body {
            Some(Body::Way(refs)) => refs.len() * 8,
            Some(Body::Relation(members)) => members.iter().map(|(_, _, role)| role.len() + 48).sum(),
            _ => 0,
        };
        (200 + texts + body) as u64
    }
}

fn members(object: &Object<'_>) -> Vec<(Kind, i64, String)> {
    let Element::Relation(relation) = &object.element else { return Vec::new() };
    let kind = |kind| match kind {
        RelMemberType::Node => Kind::Node,
        RelMemberType::Way => Kind::Way,
        RelMemberType::Relation => Kind::Relation,
    };
    let member = |m: osmpbf::RelMember<'_>| {
        let role = m.role().unwrap_or("").to_owned();
        (kind(m.member_type), m.member_id, role)
    };
    relation.members().map(member).collect()
}

fn time(object: &Object<'_>) -> i64 {
    let milliseconds = match &object.element {
        Element::Node(n) => n.info().milli_timestamp(),
        Element::DenseNode(n) => n.info().map(osmpbf::DenseNodeInfo::milli_timestamp),
        Element::Way(w) => w.info().milli_timestamp(),
        Element::Relation(r) => r.info().milli_timestamp(),
    };
    milliseconds.unwrap_or(0) / 1000
}
