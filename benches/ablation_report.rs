//! What the bench `ablation` leaves below the build folder, and `cargo xtask docs` renders. Both share this file by its
//! path, so that neither needs the other to build.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What came of all variants.
#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    /// The seeds that defaults were chosen by.
    pub(crate) choosing: String,
    /// The seeds that are reported.
    pub(crate) reporting: String,
    /// Those of them on which numbers were varied.
    pub(crate) varying: String,
    /// How many identities a quiet organisation has.
    pub(crate) quiet_identities: u32,
    /// Of how many days there are events.
    pub(crate) days: u32,
    /// How many of them are judged.
    pub(crate) judged_days: u32,
    /// How many years of a machine were judged and held no attack.
    pub(crate) machine_years: f64,
    /// What ships, on all seeds that are reported.
    pub(crate) shipped: Judged,
    /// On as many of them as are judged already; what ships comes first.
    pub(crate) variants: Vec<Judged>,
}

/// What a variant did over all organisations.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Judged {
    /// Which number is varied.
    pub(crate) number: String,
    /// How: `off`, `half`, `double`; `as shipped` where nothing is.
    pub(crate) how: String,
    /// What the number is then.
    pub(crate) value: Option<u64>,
    /// By name of the attack: how many were found, of how many.
    pub(crate) attacks: BTreeMap<String, Found>,
    /// The same for those that came with the victim's own network and client.
    pub(crate) same_place: Found,
    /// From the first event of an attack to the finding, of those that were found.
    pub(crate) minutes_to_detection: Vec<i64>,
    /// Days of quiet organisations.
    pub(crate) quiet_days: u32,
    /// Days of machines in quiet organisations.
    pub(crate) machine_days: u64,
    /// Findings of machines in quiet organisations, by type.
    pub(crate) false_of_machines: BTreeMap<String, u32>,
    /// Findings of people in quiet organisations, by type.
    pub(crate) false_of_people: BTreeMap<String, u32>,
}

/// How many were found.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Found {
    /// So many.
    pub(crate) found: u32,
    /// Of so many.
    pub(crate) of: u32,
}

impl Judged {
    /// How many attacks were found, of how many.
    pub(crate) fn found(&self) -> Found {
        self.attacks
            .values()
            .fold(Found::default(), |sum, one| Found { found: sum.found + one.found, of: sum.of + one.of })
    }

    /// How many false findings there are in a day of an organisation.
    pub(crate) fn false_a_day(&self) -> f64 {
        let all: u32 = self.false_of_machines.values().chain(self.false_of_people.values()).sum();
        f64::from(all) / f64::from(self.quiet_days.max(1))
    }

    /// How soon those that were found were found.
    pub(crate) fn median_minutes(&self) -> String {
        let mut minutes = self.minutes_to_detection.clone();
        minutes.sort_unstable();
        minutes.get(minutes.len() / 2).map_or_else(|| "-".to_owned(), i64::to_string)
    }
}

impl Found {
    /// In words.
    pub(crate) fn shown(self) -> String {
        format!("{} of {}", self.found, self.of)
    }
}
