//! Which events changed which rows last: who did it can be told, and of two events on one row the later counts, in
//! whatever order they arrive.

use std::collections::BTreeMap;

use doorward_model::inventory::change::{ChangedRow, InventoryChanged};
use doorward_model::inventory::row::RowKind;
use doorward_model::time::{Millis, Time};

/// Events that changed the inventory, as long as they are the last to have changed some row, and for
/// [`Changes::KEPT`] at most.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Changes {
    events: BTreeMap<Place, Kept>,
    last: BTreeMap<RowPart, Place>,
}

/// When an event happened, and its id: the order of changes.
type Place = (i64, Box<str>);

/// The kind of a row, its key, and a part of it; all of it is the empty part.
type RowPart = (i32, Box<[Box<str>]>, Box<str>);

#[derive(Clone, PartialEq, Debug)]
struct Kept {
    change: Box<InventoryChanged>,
    /// Of how many rows it is the last change.
    rows: usize,
}

impl Changes {
    /// How long a change is kept, from when it happened.
    pub const KEPT: Millis = Millis::DAY.times(90);
    /// How many changes are kept at most: the latest.
    pub const KEPT_MAX: usize = 32_768;

    /// All that are kept, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &InventoryChanged> {
        self.events.values().map(|kept| &*kept.change)
    }

    /// The last changes of a row and of parts of it.
    pub fn of<'a>(&'a self, kind: RowKind, key: &[String]) -> impl Iterator<Item = &'a InventoryChanged> {
        let from = row_part(kind.into(), key, "");
        let row = (from.0, from.1.clone());
        let parts =
            self.last.range(from..).take_while(move |((kind, key, _), _)| (*kind, key) == (row.0, &row.1));
        parts.filter_map(|(_, place)| self.events.get(place)).map(|kept| &*kept.change)
    }

    /// When an event changed a row or a part of it last, milliseconds since the epoch.
    #[must_use]
    pub fn last_at_ms(&self, kind: RowKind, key: &[String], part: &str) -> Option<i64> {
        if self.last.is_empty() {
            return None;
        }
        self.last.get(&row_part(kind.into(), key, part)).map(|(at_ms, _)| *at_ms)
    }

    /// Takes in a change. One that is older than what is known of a row is not its last.
    pub(crate) fn fold(&mut self, change: &InventoryChanged) {
        let place: Place = (change.happened_at_ms, change.event.as_str().into());
        if self.events.get(&place).is_some_and(|kept| *kept.change == *change) {
            return;
        }
        let mut rows = 0;
        for ChangedRow { kind, key, part, .. } in &change.rows {
            let row = row_part(*kind, key, part);
            match self.last.get(&row) {
                Some(known) if *known >= place => continue,
                Some(known) => self.release(&known.clone()),
                None => {}
            }
            self.last.insert(row, place.clone());
            rows += 1;
        }
        if rows > 0 {
            let change = Box::new(change.clone());
            let kept = self.events.entry(place).or_insert(Kept { change, rows: 0 });
            kept.rows += rows;
        }
        while self.events.len() > Self::KEPT_MAX {
            self.forget_first();
        }
    }

    /// Time passes: what happened too long ago is forgotten.
    pub(crate) fn sweep(&mut self, now: Time) {
        let until_ms = (now - Self::KEPT).ms();
        while self.events.first_key_value().is_some_and(|((at_ms, _), _)| *at_ms < until_ms) {
            self.forget_first();
        }
    }

    fn release(&mut self, place: &Place) {
        let Some(kept) = self.events.get_mut(place) else { return };
        kept.rows = kept.rows.saturating_sub(1);
        if kept.rows == 0 {
            self.events.remove(place);
        }
    }

    fn forget_first(&mut self) {
        let Some((place, kept)) = self.events.pop_first() else { return };
        for ChangedRow { kind, key, part, .. } in &kept.change.rows {
            let row = row_part(*kind, key, part);
            if self.last.get(&row) == Some(&place) {
                self.last.remove(&row);
            }
        }
    }
}

fn row_part(kind: i32, key: &[String], part: &str) -> RowPart {
    (kind, key.iter().map(|name| name.as_str().into()).collect(), part.into())
}

#[cfg(test)]
mod tests {
    use doorward_model::inventory::change::Effect;

    use super::*;

    fn change(event: &str, happened_at_ms: i64, rows: &[(&str, &str)]) -> InventoryChanged {
        let row = |(key, part): &(&str, &str)| ChangedRow {
            kind: RowKind::Identity.into(),
            key: vec![(*key).to_owned()],
            part: (*part).to_owned(),
            effect: Effect::Found.into(),
        };
        InventoryChanged {
            event: event.to_owned(),
            happened_at_ms,
            rows: rows.iter().map(row).collect(),
            ..InventoryChanged::default()
        }
    }

    fn events(changes: &Changes) -> Vec<&str> {
        changes.iter().map(|change| change.event.as_str()).collect()
    }

    #[test]
    fn the_last_change_of_each_row_is_kept_in_whatever_order_they_come() {
        let all = [
            change("a", 1, &[("u", ""), ("v", "")]),
            change("b", 2, &[("u", "tag:x")]),
            change("c", 3, &[("u", "")]),
            change("d", 4, &[("v", "")]),
        ];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
            let mut changes = Changes::default();
            for at in order.into_iter().chain(order) {
                changes.fold(&all[at]);
            }
            assert_eq!(events(&changes), ["b", "c", "d"], "{order:?}");
            let of = |key: &str| {
                let key = [key.to_owned()];
                changes.of(RowKind::Identity, &key).map(|change| change.event.clone()).collect::<Vec<_>>()
            };
            assert_eq!((of("u"), of("v"), of("w")), (vec!["c".into(), "b".into()], vec!["d".into()], vec![]));
            let at = |part: &str| changes.last_at_ms(RowKind::Identity, &["u".to_owned()], part);
            assert_eq!([at(""), at("tag:x"), at("tag:y")], [Some(3), Some(2), None]);
        }
    }

    #[test]
    fn a_change_is_forgotten_after_its_time() {
        let mut changes = Changes::default();
        changes.fold(&change("a", 1, &[("u", "")]));
        changes.fold(&change("b", 2, &[("v", "")]));
        changes.sweep(Time::from_ms(1) + Changes::KEPT);
        assert_eq!(events(&changes), ["a", "b"]);
        changes.sweep(Time::from_ms(2) + Changes::KEPT);
        assert_eq!((events(&changes), changes.last.len()), (vec!["b"], 1));
    }

    #[test]
    fn the_latest_are_kept() {
        let mut changes = Changes::default();
        for at in 0..=Changes::KEPT_MAX {
            changes.fold(&change("e", i64::try_from(at).unwrap(), &[(&at.to_string(), "")]));
        }
        assert_eq!((changes.iter().count(), changes.last.len()), (Changes::KEPT_MAX, Changes::KEPT_MAX));
        assert_eq!(changes.iter().next().map(|change| change.happened_at_ms), Some(1));
    }
}
