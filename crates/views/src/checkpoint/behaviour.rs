//! Behaviour in rows by name.

use doorward_model::finding::{Feature, Finding};
use doorward_model::hold::Habit;
use doorward_model::record::{PeerFirst, PressureBin};
use doorward_model::time::{Day, Time};
use prost::Message;

use crate::asked::{Asked, Askers, Permitted};
use crate::breadth::{Breadth, Pace};
use crate::bursts::{Burst, Course};
use crate::checkpoint::IssuedRow;
use crate::drift::Drift;
use crate::habits::{Habits, Table, Value};
use crate::keys::{KeyName, KeyUse, Place};
use crate::recent::Recent;
use crate::resolver::Resolver;
use crate::shard::Shard;
use crate::symbols::Symbols;

/// One shard.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ShardImage {
    #[prost(message, repeated, tag = "1")]
    habits: Vec<HabitsRow>,
    #[prost(message, repeated, tag = "2")]
    asked: Vec<AskedRow>,
    #[prost(message, repeated, tag = "3")]
    keys: Vec<KeyRow>,
    #[prost(int64, tag = "4")]
    keys_since_ms: i64,
    #[prost(message, repeated, tag = "5")]
    firsts: Vec<PeerFirst>,
    #[prost(message, repeated, tag = "6")]
    pressures: Vec<PressureBin>,
    #[prost(int32, tag = "7")]
    swept_day: i32,
}

#[derive(Clone, PartialEq, Message)]
struct HabitsRow {
    #[prost(string, tag = "1")]
    identity: String,
    #[prost(int64, tag = "2")]
    first_at_ms: i64,
    #[prost(int64, tag = "3")]
    last_at_ms: i64,
    #[prost(uint64, tag = "4")]
    events: u64,
    #[prost(uint64, tag = "5")]
    denied: u64,
    #[prost(uint32, tag = "6")]
    days: u32,
    #[prost(int32, tag = "7")]
    last_day: i32,
    #[prost(uint64, tag = "8")]
    day_peak_milli: u64,
    /// By [`Feature::ALL`].
    #[prost(message, repeated, tag = "9")]
    tables: Vec<TableRow>,
    #[prost(message, repeated, tag = "10")]
    bursts: Vec<BurstRow>,
    /// By way; none where nothing was reached yet.
    #[prost(message, repeated, tag = "11")]
    paces: Vec<PaceRow>,
    #[prost(message, optional, tag = "12")]
    drift: Option<DriftRow>,
}

#[derive(Clone, PartialEq, Message)]
struct DriftRow {
    #[prost(uint32, tag = "1")]
    odd: u32,
    #[prost(uint32, tag = "2")]
    day: u32,
    #[prost(uint32, repeated, tag = "3")]
    last_day: Vec<u32>,
    #[prost(uint32, repeated, tag = "4")]
    days: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct PaceRow {
    #[prost(fixed64, tag = "1")]
    targets: u64,
    #[prost(uint32, tag = "2")]
    window: u32,
    #[prost(uint32, repeated, tag = "3")]
    last_day: Vec<u32>,
    #[prost(uint32, repeated, tag = "4")]
    days: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct TableRow {
    #[prost(uint32, tag = "1")]
    mass: u32,
    #[prost(uint32, tag = "2")]
    mass_day: u32,
    /// In the order of the table, which decides between equals.
    #[prost(message, repeated, tag = "3")]
    values: Vec<ValueRow>,
}

#[derive(Clone, PartialEq, Message)]
struct ValueRow {
    #[prost(string, tag = "1")]
    value: String,
    #[prost(uint32, tag = "2")]
    count: u32,
    #[prost(uint32, tag = "3")]
    last_day: u32,
    #[prost(uint32, tag = "4")]
    days: u32,
    #[prost(uint32, tag = "6")]
    held: u32,
}

#[derive(Clone, PartialEq, Message)]
struct BurstRow {
    #[prost(message, required, tag = "1")]
    finding: Finding,
    #[prost(uint64, tag = "2")]
    pressure_milli: u64,
    #[prost(int64, tag = "3")]
    last_at_ms: i64,
    #[prost(uint64, optional, tag = "4")]
    raised_milli: Option<u64>,
    #[prost(uint64, tag = "5")]
    raised_events: u64,
    #[prost(bool, tag = "6")]
    judged: bool,
}

#[derive(Clone, PartialEq, Message)]
struct AskedRow {
    #[prost(string, tag = "1")]
    identity: String,
    #[prost(message, repeated, tag = "2")]
    peps: Vec<PepRow>,
    #[prost(message, repeated, tag = "3")]
    permitted: Vec<PermittedRow>,
}

/// Of what enforcement points told, and which did.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ToldImage {
    #[prost(message, repeated, tag = "1")]
    rows: Vec<ToldRow>,
    #[prost(int64, tag = "2")]
    since_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
struct ToldRow {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    peps: Vec<PepRow>,
    #[prost(bool, tag = "3")]
    old: bool,
}

#[derive(Clone, PartialEq, Message)]
struct PepRow {
    #[prost(string, tag = "1")]
    pep: String,
    #[prost(int64, tag = "2")]
    last_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
struct PermittedRow {
    #[prost(message, required, tag = "1")]
    habit: Habit,
    #[prost(uint32, tag = "2")]
    days: u32,
    #[prost(int32, tag = "3")]
    last_day: i32,
}

#[derive(Clone, PartialEq, Message)]
struct KeyRow {
    #[prost(string, tag = "1")]
    identity: String,
    #[prost(string, tag = "2")]
    key: String,
    #[prost(bool, tag = "3")]
    old: bool,
    #[prost(string, tag = "4")]
    source: String,
    #[prost(message, repeated, tag = "5")]
    places: Vec<PlaceRow>,
}

#[derive(Clone, PartialEq, Message)]
struct PlaceRow {
    #[prost(string, tag = "1")]
    network: String,
    #[prost(int64, tag = "2")]
    to_ms: i64,
}

impl ShardImage {
    pub(crate) fn of(shard: &Shard, symbols: &Symbols) -> Self {
        let mut habits: Vec<_> =
            shard.habits.iter().map(|(id, habits)| habits_row(symbols.name(*id), habits, symbols)).collect();
        habits.sort_by(|one, other| one.identity.cmp(&other.identity));
        let mut asked: Vec<_> =
            shard.asked.iter().map(|(id, asked)| asked_row(symbols.name(*id), asked)).collect();
        asked.sort_by(|one, other| one.identity.cmp(&other.identity));
        let rows = shard.keys.uses.rows().into_iter();
        let mut keys: Vec<_> = rows.map(|(name, used, old)| key_row(name, used, old, symbols)).collect();
        keys.sort_by(|one, other| (&one.identity, &one.key).cmp(&(&other.identity, &other.key)));
        let pressures = &shard.pending.pressures;
        Self {
            habits,
            asked,
            keys,
            keys_since_ms: shard.keys.uses.since().ms(),
            firsts: shard.pending.firsts(symbols),
            pressures: pressures.iter().map(|(bin, days)| PressureBin { bin: *bin, days: *days }).collect(),
            swept_day: shard.swept.0,
        }
    }

    pub(crate) fn restore(self, symbols: &mut Symbols, seed: u64) -> Shard {
        let mut shard = Shard::new(seed);
        for row in self.habits {
            let identity = symbols.intern(&row.identity);
            shard.habits.insert(identity, Box::new(habits(row, symbols)));
        }
        for row in self.asked {
            let identity = symbols.intern(&row.identity);
            shard.asked.insert(identity, asked(row));
        }
        let keys: Vec<_> = self.keys.into_iter().filter_map(|row| key(row, symbols)).collect();
        shard.keys.uses.restore(keys, Time::from_ms(self.keys_since_ms));
        let feature = |number: i32| Feature::try_from(number).ok();
        for first in self.firsts {
            let (group, value) = (symbols.intern(&first.peer_group), symbols.intern(&first.value));
            let key = (group, first.feature.and_then(feature), value);
            shard.pending.firsts.insert(key, first.members);
        }
        shard.pending.pressures = self.pressures.into_iter().map(|bin| (bin.bin, bin.days)).collect();
        shard.swept = Day(self.swept_day);
        shard
    }
}

fn habits_row(identity: &str, habits: &Habits, symbols: &Symbols) -> HabitsRow {
    HabitsRow {
        identity: identity.to_owned(),
        first_at_ms: habits.first_at.ms(),
        last_at_ms: habits.last_at.ms(),
        events: habits.events,
        denied: habits.denied,
        days: u32::from(habits.days),
        last_day: habits.last_day.0,
        day_peak_milli: habits.day_peak_milli,
        tables: habits.tables.iter().map(|table| table_row(table, symbols)).collect(),
        bursts: habits.bursts.iter().map(burst_row).collect(),
        paces: pace_rows(&habits.breadth),
        drift: drift_row(&habits.drift),
    }
}

fn habits(row: HabitsRow, symbols: &mut Symbols) -> Habits {
    let mut habits = Habits::new(Time::from_ms(row.first_at_ms));
    habits.last_at = Time::from_ms(row.last_at_ms);
    habits.events = row.events;
    habits.denied = row.denied;
    habits.days = u16::try_from(row.days).unwrap_or(u16::MAX);
    habits.last_day = Day(row.last_day);
    habits.day_peak_milli = row.day_peak_milli;
    for (table, row) in habits.tables.iter_mut().zip(row.tables) {
        *table = self::table(row, symbols);
    }
    habits.bursts = row.bursts.into_iter().map(burst).collect();
    habits.drift = row.drift.as_ref().map(drift).unwrap_or_default();
    for (pace, row) in habits.breadth.paces.iter_mut().zip(row.paces) {
        *pace = self::pace(&row);
    }
    habits
}

fn burst_row(burst: &Burst) -> BurstRow {
    let Course { pressure_milli, last_at, raised_milli, raised_events, judged, .. } = burst.course;
    let (finding, last_at_ms) = (burst.finding(), last_at.ms());
    BurstRow { finding, pressure_milli, last_at_ms, raised_milli, raised_events, judged }
}

fn burst(row: BurstRow) -> Burst {
    let BurstRow { finding, pressure_milli, last_at_ms, raised_milli, raised_events, judged } = row;
    let first = finding.evidence.first().map_or("", |first| first.event.as_str());
    let (first_at, last_at) = (Time::from_ms(finding.first_at_ms), Time::from_ms(last_at_ms));
    let course = Course {
        pressure_milli,
        last_at,
        raised_milli,
        raised_events,
        judged,
        ..Course::begin(first, first_at)
    };
    Burst::new(finding, course)
}

fn pace_rows(breadth: &Breadth) -> Vec<PaceRow> {
    if *breadth == Breadth::default() {
        return Vec::new();
    }
    let row = |pace: &Pace| PaceRow {
        targets: pace.targets,
        window: pace.window,
        last_day: pace.last_day.map(u32::from).to_vec(),
        days: pace.days.map(u32::from).to_vec(),
    };
    breadth.paces.iter().map(row).collect()
}

fn pace(row: &PaceRow) -> Pace {
    let mut pace = Pace { targets: row.targets, window: row.window, ..Pace::default() };
    restore_steps((&mut pace.last_day, &mut pace.days), (&row.last_day, &row.days));
    pace
}

fn drift_row(drift: &Drift) -> Option<DriftRow> {
    (*drift != Drift::default()).then(|| DriftRow {
        odd: drift.odd.into(),
        day: drift.day.into(),
        last_day: drift.last_day.map(u32::from).to_vec(),
        days: drift.days.map(u32::from).to_vec(),
    })
}

fn drift(row: &DriftRow) -> Drift {
    let short = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
    let mut drift = Drift { odd: short(row.odd), day: short(row.day), ..Drift::default() };
    restore_steps((&mut drift.last_day, &mut drift.days), (&row.last_day, &row.days));
    drift
}

/// By step, the latest day on which it was reached and the number of such days.
fn restore_steps((last_day, days): (&mut [u16], &mut [u8]), rows: (&[u32], &[u32])) {
    for (day, row) in last_day.iter_mut().zip(rows.0) {
        *day = u16::try_from(*row).unwrap_or(u16::MAX);
    }
    for (days, row) in days.iter_mut().zip(rows.1) {
        *days = u8::try_from(*row).unwrap_or(u8::MAX);
    }
}

fn table_row(table: &Table, symbols: &Symbols) -> TableRow {
    let values = table.values.iter().map(|value| ValueRow {
        value: symbols.name(value.symbol).to_owned(),
        count: value.count,
        last_day: u32::from(value.last_day),
        days: u32::from(value.days),
        held: u32::from(value.held),
    });
    TableRow { mass: table.mass, mass_day: u32::from(table.mass_day), values: values.collect() }
}

fn table(row: TableRow, symbols: &mut Symbols) -> Table {
    let day = |day: u32| u16::try_from(day).unwrap_or(u16::MAX);
    let values = row.values.into_iter().map(|row| Value {
        symbol: symbols.intern(&row.value),
        count: row.count,
        last_day: day(row.last_day),
        days: u8::try_from(row.days).unwrap_or(u8::MAX),
        held: u8::try_from(row.held).unwrap_or(u8::MAX),
    });
    Table { values: values.collect(), mass: row.mass, mass_day: day(row.mass_day) }
}

impl ToldImage {
    pub(crate) fn of(table: &Recent<String, Askers>) -> Self {
        let rows = table.rows().into_iter();
        let rows =
            rows.map(|(name, askers, old)| ToldRow { name: name.clone(), peps: pep_rows(askers), old });
        Self { rows: rows.collect(), since_ms: table.since().ms() }
    }

    pub(crate) fn restore(self, table: &mut Recent<String, Askers>) {
        let rows = self.rows.into_iter().map(|row| (row.name, askers(row.peps), row.old));
        table.restore(rows, Time::from_ms(self.since_ms));
    }
}

fn pep_rows(askers: &Askers) -> Vec<PepRow> {
    askers.0.iter().map(|(pep, last)| PepRow { pep: pep.clone(), last_ms: last.ms() }).collect()
}

fn askers(rows: Vec<PepRow>) -> Askers {
    Askers(rows.into_iter().map(|row| (row.pep, Time::from_ms(row.last_ms))).collect())
}

fn asked_row(identity: &str, asked: &Asked) -> AskedRow {
    let permitted = asked.permitted.iter().map(|permitted| PermittedRow {
        habit: permitted.habit.clone(),
        days: permitted.days,
        last_day: permitted.last.0,
    });
    AskedRow { identity: identity.to_owned(), peps: pep_rows(&asked.askers), permitted: permitted.collect() }
}

fn asked(row: AskedRow) -> Asked {
    let permitted = row.permitted.into_iter();
    Asked {
        askers: askers(row.peps),
        permitted: permitted
            .map(|row| Permitted { habit: row.habit, days: row.days, last: Day(row.last_day) })
            .collect(),
    }
}

fn key_row(name: &KeyName, used: &KeyUse, old: bool, symbols: &Symbols) -> KeyRow {
    let places = used
        .places()
        .iter()
        .map(|place| PlaceRow { network: symbols.name(place.network).to_owned(), to_ms: place.to().ms() });
    KeyRow {
        identity: symbols.name(name.identity).to_owned(),
        key: name.key.to_string(),
        old,
        source: symbols.name(used.source).to_owned(),
        places: places.collect(),
    }
}

/// A row without places is none that was written.
fn key(row: KeyRow, symbols: &mut Symbols) -> Option<(KeyName, KeyUse, bool)> {
    let places: Vec<_> = (row.places.iter())
        .map(|row| Place::new(symbols.intern(&row.network), Time::from_ms(row.to_ms)))
        .collect();
    let used = KeyUse::restored(symbols.intern(&row.source), &places)?;
    let name = KeyName { identity: symbols.intern(&row.identity), key: row.key.into() };
    Some((name, used, row.old))
}

/// Which keys were issued along which chain.
pub(crate) fn issued_rows(resolver: &Resolver) -> (Vec<IssuedRow>, Time) {
    let rows = resolver.issued.rows().into_iter();
    let rows = rows.map(|(key, chain, old)| IssuedRow { key: key.to_string(), chain: chain.to_vec(), old });
    (rows.collect(), resolver.issued.since())
}

pub(crate) fn restore_issued(resolver: &mut Resolver, rows: Vec<IssuedRow>, since: Time) {
    resolver.restore_issued(rows.into_iter().map(|row| (row.key, row.chain, row.old)), since);
}
