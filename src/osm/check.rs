//! Checks a block of objects before `osmpbf` decodes it: texts that exist, lists of equal length, sums that do not overflow.
//! `osmpbf` 0.3 panics or cuts data short on such blocks.

use super::error::Damage;
use super::wire::{Fields, Malformed, Value, numbers, zigzag};

/// What a checked block holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Holds {
    pub(super) nodes: u64,
    pub(super) ways: u64,
    pub(super) relations: u64,
    /// Texts in its table.
    pub(super) strings: u64,
    /// Bytes that the decoded block takes in memory, roughly.
    pub(super) memory: u64,
    /// Time of the newest version, seconds since 1970, UTC; 0 when the block has no times.
    pub(super) newest: i64,
}

impl From<Malformed> for Damage {
    fn from(Malformed: Malformed) -> Self {
        Self::Message
    }
}

impl Holds {
    /// Whether so much can't have come out of so few packed bytes, unless somebody means to fill the memory: real blocks take several
    /// bytes for each object or text, thirty kilobytes of zeros give ten million nodes.
    pub(super) fn crowded(&self, packed: u64) -> bool {
        let all = self.nodes + self.ways + self.relations + self.strings;
        all > 100_000 && all / 8 > packed
    }
}

/// What the numbers of a block refer to.
struct Frame {
    strings: u64,
    granularity: i64,
    lat_offset: i64,
    lon_offset: i64,
    date_granularity: i64,
}

/// Checks a `PrimitiveBlock`.
pub(super) fn check_block(block: &[u8]) -> Result<Holds, Damage> {
    let mut frame = Frame { strings: 0, granularity: 100, lat_offset: 0, lon_offset: 0, date_granularity: 1000 };
    for field in Fields::new(block) {
        match field? {
            (1, Value::Bytes(table)) => {
                for string in Fields::new(table) {
                    frame.strings += u64::from(matches!(string?, (1, Value::Bytes(_))));
                }
            }
            (17, Value::Varint(n)) => frame.granularity = i64::from(n as i32),
            (18, Value::Varint(n)) => frame.date_granularity = i64::from(n as i32),
            (19, Value::Varint(n)) => frame.lat_offset = n as i64,
            (20, Value::Varint(n)) => frame.lon_offset = n as i64,
            _ => {}
        }
    }
    if frame.granularity <= 0 || frame.date_granularity <= 0 {
        return Err(Damage::Granularity);
    }
    let mut holds = Holds { memory: block.len() as u64 * 2 + frame.strings * 48, strings: frame.strings, ..Holds::default() };
    for field in Fields::new(block) {
        if let (2, Value::Bytes(group)) = field? {
            check_group(group, &frame, &mut holds)?;
        }
    }
    Ok(holds)
}

fn check_group(group: &[u8], frame: &Frame, holds: &mut Holds) -> Result<(), Damage> {
    // The parts of a `DenseNodes` message that comes in pieces belong together.
    let mut dense = Dense::default();
    for field in Fields::new(group) {
        match field? {
            (1, Value::Bytes(node)) => {
                check_node(node, frame, holds)?;
                holds.nodes += 1;
                holds.memory += 200;
            }
            (2, Value::Bytes(nodes)) => dense.add(nodes, frame, holds)?,
            (3, Value::Bytes(way)) => {
                check_way(way, frame, holds)?;
                holds.ways += 1;
            }
            (4, Value::Bytes(relation)) => {
                check_relation(relation, frame, holds)?;
                holds.relations += 1;
            }
            _ => {}
        }
    }
    if dense.lats != dense.ids || dense.lons != dense.ids {
        return Err(Damage::Lengths);
    }
    holds.nodes += dense.ids;
    holds.memory += dense.ids * 40;
    Ok(())
}

/// Running sums of a dense group.
#[derive(Default)]
struct Dense {
    ids: u64,
    lats: u64,
    lons: u64,
    id: i64,
    lat: i64,
    lon: i64,
    info: [i64; 4],
}

impl Dense {
    fn add(&mut self, nodes: &[u8], frame: &Frame, holds: &mut Holds) -> Result<(), Damage> {
        for field in Fields::new(nodes) {
            match field? {
                (1, value) => self.ids += sums(value, &mut self.id, |_| true)?,
                (8, value) => self.lats += sums(value, &mut self.lat, |lat| frame.fits(lat, frame.lat_offset))?,
                (9, value) => self.lons += sums(value, &mut self.lon, |lon| frame.fits(lon, frame.lon_offset))?,
                (10, value) => holds.memory += 4 * strings(value, frame)?,
                (5, Value::Bytes(info)) => self.add_info(info, frame, holds)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn add_info(&mut self, info: &[u8], frame: &Frame, holds: &mut Holds) -> Result<(), Damage> {
        let small = |n: i64| i32::try_from(n).is_ok();
        for field in Fields::new(info) {
            match field? {
                (2, value) => {
                    let newest = &mut holds.newest;
                    holds.memory += 8 * sums(value, &mut self.info[0], |t| frame.time(t, newest))?;
                }
                (3, value) => holds.memory += 8 * sums(value, &mut self.info[1], |_| true)?,
                (4, value) => holds.memory += 4 * sums(value, &mut self.info[2], small)?,
                (5, value) => holds.memory += 4 * sums(value, &mut self.info[3], small)?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl Frame {
    /// Whether a coordinate on the grid is a number of nanodegrees that 64 bits hold.
    fn fits(&self, value: i64, offset: i64) -> bool {
        value.checked_mul(self.granularity).and_then(|n| n.checked_add(offset)).is_some()
    }

    fn time(&self, value: i64, newest: &mut i64) -> bool {
        let millis = value.checked_mul(self.date_granularity);
        *newest = (*newest).max(millis.unwrap_or(0) / 1000);
        millis.is_some()
    }
}

/// Adds up differences; `good` judges every sum.
fn sums(value: Value<'_>, sum: &mut i64, mut good: impl FnMut(i64) -> bool) -> Result<u64, Damage> {
    let mut fine = true;
    let count = numbers(value, |n| {
        let next = sum.checked_add(zigzag(n)).filter(|next| good(*next));
        fine &= next.is_some();
        *sum = next.unwrap_or(0);
        Ok(())
    })?;
    if fine { Ok(count) } else { Err(Damage::Overflow) }
}

/// Indexes into the table of strings.
fn strings(value: Value<'_>, frame: &Frame) -> Result<u64, Damage> {
    let mut highest = 0;
    let count = numbers(value, |n| {
        highest = highest.max(n);
        Ok(())
    })?;
    // The delimiter 0 may stand in a block whose table is empty.
    if highest > 0 && highest >= frame.strings { Err(Damage::StringIndex) } else { Ok(count) }
}

fn check_node(node: &[u8], frame: &Frame, holds: &mut Holds) -> Result<(), Damage> {
    let (mut keys, mut values) = (0, 0);
    for field in Fields::new(node) {
        match field? {
            (2, value) => keys += strings(value, frame)?,
            (3, value) => values += strings(value, frame)?,
            (4, Value::Bytes(info)) => check_info(info, frame, holds)?,
            (8, Value::Varint(n)) if !frame.fits(zigzag(n), frame.lat_offset) => return Err(Damage::Overflow),
            (9, Value::Varint(n)) if !frame.fits(zigzag(n), frame.lon_offset) => return Err(Damage::Overflow),
            _ => {}
        }
    }
    if keys == values { Ok(()) } else { Err(Damage::Lengths) }
}

fn check_way(way: &[u8], frame: &Frame, holds: &mut Holds) -> Result<(), Damage> {
    let (mut reference, mut lat, mut lon, mut numbers) = (0, 0, 0, 0);
    for field in Fields::new(way) {
        match field? {
            (8, value) => numbers += sums(value, &mut reference, |_| true)?,
            (9, value) => numbers += sums(value, &mut lat, |n| frame.fits(n, frame.lat_offset))?,
            (10, value) => numbers += sums(value, &mut lon, |n| frame.fits(n, frame.lon_offset))?,
            _ => {}
        }
    }
    holds.memory += 8 * numbers;
    check_tags(way, frame, holds)
}

/// The lists of roles, members and types may differ in length: the shortest counts, as broken editors wrote such files.
fn check_relation(relation: &[u8], frame: &Frame, holds: &mut Holds) -> Result<(), Damage> {
    let (mut member, mut highest) = (0, 0);
    for field in Fields::new(relation) {
        match field? {
            (9, value) => holds.memory += 16 * sums(value, &mut member, |_| true)?,
            (10, value) => {
                numbers(value, |n| {
                    highest = highest.max(n);
                    Ok(())
                })?;
            }
            _ => {}
        }
    }
    if highest > 2 { Err(Damage::MemberType) } else { check_tags(relation, frame, holds) }
}

/// Keys, values and metadata lie in the same fields of a way and of a relation.
fn check_tags(object: &[u8], frame: &Frame, holds: &mut Holds) -> Result<(), Damage> {
    let (mut keys, mut values) = (0, 0);
    for field in Fields::new(object) {
        match field? {
            (2, value) => keys += strings(value, frame)?,
            (3, value) => values += strings(value, frame)?,
            (4, Value::Bytes(info)) => check_info(info, frame, holds)?,
            _ => {}
        }
    }
    holds.memory += 200 + 8 * keys;
    if keys == values { Ok(()) } else { Err(Damage::Lengths) }
}

fn check_info(info: &[u8], frame: &Frame, holds: &mut Holds) -> Result<(), Damage> {
    for field in Fields::new(info) {
        if let (2, Value::Varint(n)) = field?
            && !frame.time(n as i64, &mut holds.newest)
        {
            return Err(Damage::Overflow);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, content.len() as u8][..], content].concat()
    }

    /// A block with the strings "", "a", "b" and one dense group.
    fn dense(ids: &[u8], lats: &[u8], lons: &[u8], tags: &[u8]) -> Vec<u8> {
        let table = [field(1, b""), field(1, b"a"), field(1, b"b")].concat();
        let nodes = [field(1, ids), field(8, lats), field(9, lons), field(10, tags)].concat();
        [field(1, &table), field(2, &field(2, &nodes))].concat()
    }

    #[test]
    fn a_sound_block_is_counted() {
        let holds = check_block(&dense(&[2, 2], &[4, 4], &[6, 6], &[1, 2, 0, 0])).unwrap();
        assert_eq!((holds.nodes, holds.ways, holds.relations), (2, 0, 0));
        assert_eq!(check_block(&[]).unwrap().nodes, 0);
    }

    #[test]
    fn ten_million_nodes_do_not_fit_into_thirty_kilobytes() {
        let holds = |nodes| Holds { nodes, ..Holds::default() };
        assert!(holds(10_000_000).crowded(30_000) && !holds(8_000).crowded(100) && !holds(10_000_000).crowded(2_000_000));
    }

    #[test]
    fn blocks_that_would_mislead_the_decoder_are_refused() {
        assert_eq!(check_block(&dense(&[2, 2], &[4], &[6, 6], &[])), Err(Damage::Lengths));
        assert_eq!(check_block(&dense(&[2], &[4], &[6], &[1, 3, 0])), Err(Damage::StringIndex));
        let most = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(check_block(&dense(&[most, most].concat(), &[0, 0], &[0, 0], &[])), Err(Damage::Overflow));
        assert_eq!(check_block(&dense(&[2], &most, &[0], &[])), Err(Damage::Overflow));
        let zero_grid = [dense(&[2], &[4], &[6], &[]), vec![0x88, 0x01, 0]].concat();
        assert_eq!(check_block(&zero_grid), Err(Damage::Granularity));
        assert_eq!(check_block(&[0x0a, 0x7f, 0]), Err(Damage::Message));
    }

    #[test]
    fn a_relation_has_members_of_three_types() {
        let relation = |kind: u8| field(2, &field(4, &[vec![0x08, 5], field(8, &[0]), field(9, &[2]), field(10, &[kind])].concat()));
        assert_eq!(check_block(&relation(2)).unwrap().relations, 1);
        assert_eq!(check_block(&relation(7)), Err(Damage::MemberType));
    }
}
