//! Sets of attributes, each kept once: most features of a layer have the same few.

use super::schema::{Attributes, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Every set that occurs, by number.
#[derive(Default)]
pub(super) struct Interned(Mutex<Table>);

#[derive(Default)]
struct Table {
    numbers: HashMap<Arc<[u8]>, u32>,
    sets: Vec<Arc<[u8]>>,
}

impl Interned {
    /// The number of a set.
    pub(super) fn intern(&self, attributes: &Attributes) -> u32 {
        let bytes = pack(attributes);
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = table.numbers.get(&bytes[..]) {
            return *number;
        }
        let number = table.sets.len() as u32;
        let set: Arc<[u8]> = bytes.into();
        table.sets.push(set.clone());
        table.numbers.insert(set, number);
        number
    }

    /// All sets, once no more come.
    pub(super) fn into_sets(self) -> Vec<Arc<[u8]>> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).sets
    }
}

/// A list of (length of key, key, length of value, value as MVT encodes it).
fn pack(attributes: &Attributes) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in attributes {
        out.push(key.len() as u8);
        out.extend(key.as_bytes());
        let value = value.encoded();
        out.extend((value.len() as u16).to_le_bytes());
        out.extend(value);
    }
    out
}

/// Keys and encoded values of a packed set.
pub(super) fn unpack(mut set: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let (&length, rest) = set.split_first()?;
        let (key, rest) = rest.split_at_checked(usize::from(length))?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (value, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        set = rest;
        Some((key, value))
    })
}

impl Value {
    /// As a `Value` message of a vector tile.
    fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Text(text) => crate::tiles::mvt::bytes(&mut out, 1, text.as_bytes()),
            Self::Number(number) => {
                out.push(5 << 3);
                crate::tiles::mvt::varint(&mut out, *number);
            }
            Self::Flag(flag) => out.extend([7 << 3, u8::from(*flag)]),
        }
        out
    }

    /// Its number, if it is one.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_kept_once_and_comes_back_whole() {
        let interned = Interned::default();
        let set = vec![("kind", Value::Text("é".into())), ("link", Value::Flag(true)), ("population", Value::Number(300))];
        assert_eq!([interned.intern(&set), interned.intern(&Vec::new()), interned.intern(&set)], [0, 1, 0]);
        let sets = interned.into_sets();
        let back: Vec<(&[u8], Vec<u8>)> = unpack(&sets[0]).map(|(k, v)| (k, v.to_vec())).collect();
        assert_eq!(back[0], (&b"kind"[..], vec![10, 2, 0xC3, 0xA9]));
        assert_eq!(back[2], (&b"population"[..], vec![40, 172, 2]));
        assert_eq!(unpack(&sets[1]).count(), 0);
    }
}
