//! The tags of an object: short texts by key, borrowed from the block while it is looked at and owned when the object is kept.

use std::borrow::Cow;

/// Tags in the order of the file. Of a key given twice the first counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags<'a>(pub(super) Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// Tags that outlive their block.
pub(super) type OwnTags = Tags<'static>;

impl<'a> Tags<'a> {
    /// Reads texts by their numbers; bytes that are no UTF-8 become `U+FFFD`.
    pub(super) fn read(strings: &'a [Vec<u8>], numbers: impl Iterator<Item = (usize, usize)>) -> Self {
        let text = |i: usize| strings.get(i).map(|bytes| String::from_utf8_lossy(bytes));
        Self(numbers.filter_map(|(k, v)| Some((text(k)?, text(v)?))).collect())
    }

    /// Tags that come from elsewhere than a file of OpenStreetMap.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (&'static str, String)>) -> OwnTags {
        Tags(pairs.into_iter().map(|(key, value)| (Cow::Borrowed(key), Cow::Owned(value))).collect())
    }

    /// With one more.
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        self.0.push((Cow::Borrowed(key), Cow::Owned(value.to_owned())));
        self
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_ref())
    }

    /// Every key, in the order of the file.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(k, _)| k.as_ref())
    }

    /// The first of several keys that has a value other than blanks.
    pub(super) fn first(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.get(key).filter(|v| !v.trim().is_empty()))
    }

    /// Whether a key has this value.
    pub(super) fn is(&self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }

    /// The name that the map shows: in French when the object has one.
    pub(super) fn name(&self) -> Option<&str> {
        self.first(&["name:fr", "name"])
    }

    /// Gives a key a value, or takes the key away.
    pub(super) fn set(&mut self, key: &str, value: Option<String>) {
        self.0.retain(|(k, _)| k != key);
        if let Some(value) = value {
            self.0.push((key.to_owned().into(), value.into()));
        }
    }

    /// A copy that outlives the block.
    pub(super) fn own(&self) -> OwnTags {
        Tags(self.0.iter().map(|(k, v)| (Cow::Owned(k.to_string()), Cow::Owned(v.to_string()))).collect())
    }

    #[cfg(test)]
    pub(crate) fn of(list: &[(&str, &str)]) -> OwnTags {
        Tags(list.iter().map(|(k, v)| (Cow::Owned((*k).to_owned()), Cow::Owned((*v).to_owned()))).collect())
    }
}

/// The members of a value: `a; b` holds `a` and `b`.
pub(super) fn values(value: &str) -> impl Iterator<Item = &str> {
    value.split(';').map(str::trim).filter(|v| !v.is_empty())
}
