//! A walk over encoded protobuf messages without building them: enough to check a PBF file before `osmpbf` decodes it.
//! Encoding: https://protobuf.dev/programming-guides/encoding/.

/// Why the bytes are no protobuf message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The value of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 2: bytes, text, a message or packed numbers.
    Bytes(&'a [u8]),
    /// Wire types 1 and 5, which OSM PBF never uses.
    Fixed,
}

/// Goes through the fields of a message.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<(u64, Value<'a>), Malformed> {
        let key = varint(&mut self.rest)?;
        let number = key >> 3;
        if number == 0 {
            return Err(Malformed);
        }
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut self.rest)?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = varint(&mut self.rest)?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return Err(Malformed),
        };
        Ok((number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let item = self.field();
        if item.is_err() {
            self.rest = &[];
        }
        Some(item)
    }
}

/// Takes one varint of at most ten bytes off the front.
pub(super) fn varint(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(Malformed)?;
        *bytes = rest;
        if shift == 63 && byte > 1 {
            return Err(Malformed);
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

/// Puts a varint at the end.
pub(super) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Puts a field of bytes, a text, a message or packed numbers at the end.
pub(super) fn put_bytes(number: u64, content: &[u8], out: &mut Vec<u8>) {
    put_varint(number << 3 | 2, out);
    put_varint(content.len() as u64, out);
    out.extend_from_slice(content);
}

/// The zigzag coding of a signed number.
pub(super) fn to_zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// Undoes the zigzag coding of signed numbers.
pub(super) fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Calls `each` for every number of a repeated field, packed or not; answers how many there were.
pub(super) fn numbers(value: Value<'_>, mut each: impl FnMut(u64) -> Result<(), Malformed>) -> Result<u64, Malformed> {
    match value {
        Value::Varint(number) => each(number).map(|()| 1),
        Value::Bytes(mut packed) => {
            let mut count = 0;
            while !packed.is_empty() {
                each(varint(&mut packed)?)?;
                count += 1;
            }
            Ok(count)
        }
        Value::Fixed => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_walked_and_broken_ones_end_the_walk() {
        let message = [0x08, 0x96, 0x01, 0x12, 0x02, b'a', b'b'];
        let fields: Vec<_> = Fields::new(&message).collect();
        assert_eq!(fields, [Ok((1, Value::Varint(150))), Ok((2, Value::Bytes(b"ab")))]);
        assert_eq!(Fields::new(&[0x12, 0x7f, 1]).collect::<Vec<_>>(), [Err(Malformed)]);
        assert_eq!(Fields::new(&[0x03]).collect::<Vec<_>>(), [Err(Malformed)]);
        assert_eq!(varint(&mut &[0xff_u8; 12][..]), Err(Malformed));
        assert_eq!(varint(&mut &[0xff_u8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1][..]), Ok(u64::MAX));
    }

    #[test]
    fn zigzag_gives_signed_numbers_back() {
        assert_eq!([0, 1, 2, 3, u64::MAX].map(zigzag), [0, -1, 1, -2, i64::MIN]);
        assert_eq!([0, -1, 1, -2, i64::MIN].map(to_zigzag), [0, 1, 2, 3, u64::MAX]);
    }

    #[test]
    fn packed_and_single_numbers_are_the_same() {
        let mut seen = Vec::new();
        let mut see = |n| {
            seen.push(n);
            Ok(())
        };
        assert_eq!(numbers(Value::Bytes(&[1, 0x80, 1, 3]), &mut see), Ok(3));
        assert_eq!(numbers(Value::Varint(9), &mut see), Ok(1));
        assert_eq!(seen, [1, 128, 3, 9]);
    }
}
