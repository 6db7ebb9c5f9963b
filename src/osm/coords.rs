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

    /// The position of an id that probably lies near the last one found, whose place is in `hint`: neighbours on a way were mostly drawn
    /// together, and the steps there are far fewer than through the whole list.
    pub(super) fn near(&self, id: i64, hint: &mut usize) -> Option<At> {
        let ids = &self.0;
        let mut step = 1;
        let (mut low, mut high);
        if ids.get(*hint)?.0 <= id {
            (low, high) = (*hint, *hint + 1);
            while high < ids.len() && ids[high].0 <= id {
                (low, high, step) = (high, high + step * 2, step * 2);
            }
            high = high.min(ids.len());
        } else {
            (low, high) = (*hint, *hint);
            while low > 0 && ids[low].0 > id {
                (high, low, step) = (low, low.saturating_sub(step), step * 2);
            }
        }
        let found = low + ids[low..high].binary_search_by_key(&id, |(id, _)| *id).ok()?;
        *hint = found;
        Some(ids[found].1)
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
    fn a_search_from_a_hint_finds_what_a_search_finds() {
        let ids = [-9_i64, -3, 0, 1, 2, 7, 8, 100, 101, 5000];
        let coords = Coords::new(vec![ids.iter().map(|id| (*id, At { lon: *id as i32, lat: 0 })).collect()]);
        for start in 0..ids.len() {
            for id in -12..5010 {
                let mut hint = start;
                assert_eq!(coords.near(id, &mut hint), coords.get(id), "{id} from {start}");
                assert!(hint < ids.len());
            }
        }
        assert_eq!(Coords::default().near(1, &mut 0), None);
    }

    #[test]
    fn of_an_id_given_twice_the_last_position_counts() {
        let at = |lon| At { lon, lat: 0 };
        let coords = Coords::new(vec![vec![(5, at(1)), (-3, at(2))], vec![(5, at(9))]]);
        assert_eq!((coords.get(5), coords.get(-3), coords.get(0)), (Some(at(9)), Some(at(2)), None));
        assert!(coords.holds_all(&[5, -3]) && !coords.holds_all(&[5, 6]));
        assert!(Ids::new(vec![3, 1, 3]).holds(3) && !Ids::new(vec![3]).holds(2));
    }
}
