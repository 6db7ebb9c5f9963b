//! Positions of the nodes that are needed, found by id.

use super::blocks::At;

/// Sorted by id: 16 bytes a node, which is what bounds the memory of an import.
#[derive(Debug, Default)]
pub(super) struct Coords(Vec<(i64, At)>);

impl Coords {
    /// From lists in the order of the file; of an id given twice the last position counts.
    pub(super) fn new(lists: Vec<Vec<(i64, At)>>) -> Self {
        let mut all = lists.concat();
        all.sort_by_key(|(id, _)| *id);
        // `dedup` keeps the first of equal ones, so the walk goes backwards.
        all.reverse();
        all.dedup_by_key(|(id, _)| *id);
        all.reverse();
        Self(all)
    }

    pub(super) fn get(&self, id: i64) -> Option<At> {
        self.0.binary_search_by_key(&id, |(id, _)| *id).ok().map(|i| self.0[i].1)
    }

    /// Positions in degrees of the nodes that are known, in order.
    pub(super) fn line(&self, refs: &[i64]) -> Vec<[f64; 2]> {
        refs.iter().filter_map(|id| self.get(*id)).map(At::degrees).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn holds_all(&self, refs: &[i64]) -> bool {
        refs.iter().all(|id| self.get(*id).is_some())
    }
}

/// A set of ids that costs 8 bytes each.
#[derive(Debug, Default)]
pub(super) struct Ids(Vec<i64>);

impl Ids {
    pub(super) fn new(mut ids: Vec<i64>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self(ids)
    }

    pub(super) fn holds(&self, id: i64) -> bool {
        self.0.binary_search(&id).is_ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_id_given_twice_the_last_position_counts() {
        let at = |lon| At { lon, lat: 0 };
        let coords = Coords::new(vec![vec![(5, at(1)), (-3, at(2))], vec![(5, at(9))]]);
        assert_eq!((coords.get(5), coords.get(-3), coords.get(0)), (Some(at(9)), Some(at(2)), None));
        assert!(coords.holds_all(&[5, -3]) && !coords.holds_all(&[5, 6]));
        assert!(Ids::new(vec![3, 1, 3]).holds(3) && !Ids::new(vec![3]).holds(2));
    }
}
