//! An event of the log that changed what exists: who did it, through which chain, when, and which rows it changed.

use crate::inventory::row::RowKind;

/// A write event of the log has changed the inventory. It is recorded behind the facts of its rows, in one batch with
/// them and with the observation of the event.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct InventoryChanged {
    /// The id that the source gave the event.
    #[prost(string, tag = "1")]
    pub event: String,
    /// When it happened, milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub happened_at_ms: i64,
    /// The source family of the event, such as `cloudtrail`.
    #[prost(string, tag = "3")]
    pub source: String,
    /// The account whose log the event is in.
    #[prost(string, tag = "4")]
    pub account: String,
    /// The service, as in the prefix of a permission.
    #[prost(string, tag = "5")]
    pub service: String,
    /// The action, such as `AttachRolePolicy`.
    #[prost(string, tag = "6")]
    pub action: String,
    /// The identity that acted.
    #[prost(string, tag = "7")]
    pub identity: String,
    /// The identities behind it, nearest first.
    #[prost(string, repeated, tag = "8")]
    pub chain: Vec<String>,
    /// The session it acted in; empty when there is none.
    #[prost(string, tag = "9")]
    pub session: String,
    /// The address it came from, as the source gives it.
    #[prost(string, tag = "10")]
    pub address: String,
    /// The network it came from, as habits see it; empty when there is none.
    #[prost(string, tag = "11")]
    pub network: String,
    /// The rows that it is about, in the order of kind and key; bounded by [`InventoryChanged::ROWS_MAX`].
    #[prost(message, repeated, tag = "12")]
    pub rows: Vec<ChangedRow>,
    /// How many more rows there are that found no place.
    #[prost(uint64, tag = "13")]
    pub left_out: u64,
    /// What could not be told: the event was cut, does not show its parameters, or names what nobody knows.
    #[prost(string, repeated, tag = "14")]
    pub unclear: Vec<String>,
    /// What it was done to, as the event says; empty where it says nothing.
    #[prost(string, tag = "15")]
    pub target: String,
}

impl InventoryChanged {
    /// How many rows one change names at most.
    pub const ROWS_MAX: usize = 256;

    /// `service:Action`, the way a permission is written.
    #[must_use]
    pub fn permission(&self) -> String {
        format!("{}:{}", self.service, self.action)
    }

    /// The rows that are other than before, by kind and key; a row may come twice.
    pub fn changed(&self) -> impl Iterator<Item = (RowKind, &[String])> {
        let changed = self.rows.iter().filter(|row| row.effect() != Effect::Unchanged);
        changed.map(|row| (row.kind(), row.key.as_slice()))
    }
}

/// A row that an event is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub struct ChangedRow {
    /// What it is.
    #[prost(enumeration = "RowKind", tag = "1")]
    pub kind: i32,
    /// Its key, see [`Row::key`](crate::inventory::row::Row::key).
    #[prost(string, repeated, tag = "2")]
    pub key: Vec<String>,
    /// The part of it that the event is about, such as `tag:team` or `group:admins`; empty when it is all of it.
    #[prost(string, tag = "3")]
    pub part: String,
    /// What became of it.
    #[prost(enumeration = "Effect", tag = "4")]
    pub effect: i32,
}

/// What an event made of a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum Effect {
    /// Not known to this release.
    Unknown = 0,
    /// It is there, or is other than it was.
    Found = 1,
    /// It is there no more.
    Withdrawn = 2,
    /// It is as it was known already.
    Unchanged = 3,
    /// It is other than it was, and the event does not show how, or nobody can read it: what depends on it is unknown.
    Unreadable = 4,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_that_are_other_than_before_have_changed() {
        let row = |key: &str, effect: Effect| ChangedRow {
            kind: RowKind::Policy.into(),
            key: vec![key.to_owned()],
            effect: effect.into(),
            ..ChangedRow::default()
        };
        let rows = vec![
            row("a", Effect::Found),
            row("b", Effect::Unchanged),
            row("c", Effect::Withdrawn),
            row("d", Effect::Unreadable),
        ];
        let change = InventoryChanged { rows, ..InventoryChanged::default() };
        let changed: Vec<_> = change.changed().map(|(kind, key)| (kind, key.join(" "))).collect();
        assert_eq!(changed, ["a", "c", "d"].map(|key| (RowKind::Policy, key.to_owned())));
    }
}
