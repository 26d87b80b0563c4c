//! What to simulate: size, span, attacks, and the published table of noise.

use doorward_model::time::{Millis, Time};

/// What to simulate. The same plan gives the same output, byte for byte, on any machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Everything is derived from it.
    pub seed: u64,
    /// About how many identities there are: people, users, roles of workloads, agents.
    pub identities: u32,
    /// How many days of records there are.
    pub days: u32,
    /// The instant at which they begin; its UTC day counts.
    pub start: Time,
    /// How many accounts the organisation has, at least [`Plan::ACCOUNTS_MIN`].
    pub accounts: u32,
    /// How many records a machine writes on an average day; people write about as many on a working day.
    pub events_per_identity_day: u32,
    /// Which attacks are hidden among the benign records.
    pub attacks: AttackPlan,
    /// Attacks happen within so many last days of the span (the slow attacker needs more and takes them).
    pub attack_days: u32,
    /// How restless the benign organisation is.
    pub noise: Noise,
}

impl Plan {
    /// The fewest accounts: management, security, tooling, and one that does the work.
    pub const ACCOUNTS_MIN: u32 = 4;

    /// The end of a plan that says nothing else: the night to Saturday 2026-11-07, so that the last day is a Friday.
    const END: Time = Time::from_ms(1_794_009_600_000);

    /// A plan of a size with everything else at its default: so many days to Friday 2026-11-06, and one attack of
    /// each kind on the last of them, which is the day that a scan judges.
    #[must_use]
    pub fn new(seed: u64, identities: u32, days: u32) -> Self {
        Self {
            seed,
            identities,
            days,
            start: Self::END - Millis::DAY.times(i64::from(days)),
            accounts: Self::ACCOUNTS_MIN + identities.isqrt() / 3,
            events_per_identity_day: 8,
            attacks: AttackPlan::OneOfEach,
            attack_days: 1,
            noise: Noise::default(),
        }
    }

    /// The first instant of a day of the span.
    #[must_use]
    pub fn day_start(&self, day: u32) -> Time {
        let first = self.start.ms().div_euclid(Millis::DAY.0);
        Time::from_ms((first + i64::from(day)) * Millis::DAY.0)
    }

    /// The first instant after the span.
    #[must_use]
    pub fn end(&self) -> Time {
        self.day_start(self.days)
    }
}

/// Which attacks are hidden among the benign records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttackPlan {
    /// None: whatever is found is a false alarm.
    None,
    /// Each technique once, the variants in turn.
    OneOfEach,
    /// Each technique once, in the variant of a turn: four turns have them all.
    OneTurn(u32),
    /// Each technique in each variant that makes sense for it.
    EachVariant,
    /// So many, technique by technique in turn, then with the next variant.
    Count(u32),
}

/// How restless the benign organisation is. Rates are per million; [`noise_table`] says each in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Noise {
    /// Machines that take up one new action of a service they use, per 30 days.
    pub machine_new_action: u32,
    /// Machines that take up one service they have not used, per 30 days.
    pub machine_new_service: u32,
    /// Machines that come out of another network for good, per 30 days.
    pub machine_new_network: u32,
    /// Machines whose SDK is upgraded, per 30 days.
    pub machine_new_client: u32,
    /// Calls of machines that are denied.
    pub machine_denied: u32,
    /// Calls that are throttled.
    pub throttled: u32,
    /// Calls of people that are denied.
    pub person_denied: u32,
    /// Calls of people that lie outside of what their department does.
    pub person_odd_call: u32,
    /// Working days of people on the road, from a network never used before.
    pub person_travel: u32,
    /// Working days of people at home.
    pub person_home: u32,
    /// Nights in which a person on call is woken.
    pub on_call_night: u32,
    /// People whose first day falls into the span, per 30 days.
    pub new_hire: u32,
    /// Working days on which a pipeline deploys.
    pub deploy: u32,
    /// Records of one deploy, about.
    pub deploy_records: u32,
    /// Accounts that begin to use a region in the span, per 30 days.
    pub region_expansion: u32,
    /// Days between two audits, each of five days; 0 for none.
    pub audit_every_days: u32,
    /// Days between two rotations of a user's access key; 0 for none.
    pub key_rotation_days: u32,
    /// Records of AWS services acting in an account by themselves, per account and day.
    pub service_records: u32,
}

impl Default for Noise {
    fn default() -> Self {
        Self {
            machine_new_action: 60_000,
            machine_new_service: 15_000,
            machine_new_network: 20_000,
            machine_new_client: 120_000,
            machine_denied: 6_000,
            throttled: 2_000,
            person_denied: 25_000,
            person_odd_call: 15_000,
            person_travel: 10_000,
            person_home: 400_000,
            on_call_night: 250_000,
            new_hire: 20_000,
            deploy: 300_000,
            deploy_records: 24,
            region_expansion: 50_000,
            audit_every_days: 91,
            key_rotation_days: 90,
            service_records: 40,
        }
    }
}

/// One line of the published table of noise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoiseRow {
    /// The field of [`Noise`].
    pub name: &'static str,
    /// Its value.
    pub value: u32,
    /// What the value counts.
    pub unit: &'static str,
    /// What happens at this rate.
    pub meaning: &'static str,
}

/// The table of noise, one row per rate, in the order of the fields.
#[must_use]
pub fn noise_table(noise: &Noise) -> Vec<NoiseRow> {
    const MONTH: &str = "per million and 30 days";
    const MILLION: &str = "per million";
    let row = |name, value, unit, meaning| NoiseRow { name, value, unit, meaning };
    vec![
        row(
            "machine_new_action",
            noise.machine_new_action,
            MONTH,
            "machines take up one new action of a service they use",
        ),
        row(
            "machine_new_service",
            noise.machine_new_service,
            MONTH,
            "machines take up a service they have not used",
        ),
        row(
            "machine_new_network",
            noise.machine_new_network,
            MONTH,
            "machines move to another network for good",
        ),
        row("machine_new_client", noise.machine_new_client, MONTH, "machines get a newer SDK"),
        row("machine_denied", noise.machine_denied, MILLION, "calls of machines are denied"),
        row("throttled", noise.throttled, MILLION, "calls of machines are throttled"),
        row("person_denied", noise.person_denied, MILLION, "calls of people are denied"),
        row(
            "person_odd_call",
            noise.person_odd_call,
            MILLION,
            "calls of people lie outside of what their department does",
        ),
        row(
            "person_travel",
            noise.person_travel,
            MILLION,
            "working days are spent on the road, in a network never used before",
        ),
        row("person_home", noise.person_home, MILLION, "working days are spent at home"),
        row("on_call_night", noise.on_call_night, MILLION, "nights on call have an incident"),
        row("new_hire", noise.new_hire, MONTH, "people have their first day"),
        row("deploy", noise.deploy, MILLION, "working days of a pipeline have a deploy"),
        row("deploy_records", noise.deploy_records, "records", "of one deploy, about"),
        row("region_expansion", noise.region_expansion, MONTH, "accounts begin to use a new region"),
        row(
            "audit_every_days",
            noise.audit_every_days,
            "days",
            "between two audits of five days, in which auditors read widely",
        ),
        row(
            "key_rotation_days",
            noise.key_rotation_days,
            "days",
            "between two rotations of a user's access key",
        ),
        row(
            "service_records",
            noise.service_records,
            "records",
            "of AWS services acting by themselves, per account and day",
        ),
    ]
}
