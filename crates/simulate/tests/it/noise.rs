//! The published table of noise holds in what is written.

use std::collections::{BTreeMap, BTreeSet};

use doorward_simulate::{AttackPlan, Class, Noise, Plan, SimEvent, noise_table, organisation};

const DAYS: u32 = 60;

/// What a machine showed in one month.
#[derive(Default)]
struct Month {
    actions: BTreeSet<(&'static str, &'static str)>,
    networks: BTreeSet<String>,
}

impl Month {
    fn services(&self) -> BTreeSet<&'static str> {
        self.actions.iter().map(|&(service, _)| service).collect()
    }
}

/// What a machine showed in the first and in the second month.
#[derive(Default)]
struct Seen {
    before: Month,
    after: Month,
}

/// Counts over one big benign run.
#[derive(Default)]
struct Counts {
    machines: BTreeMap<String, Seen>,
    machine_calls: [u64; 3],
    person_calls: [u64; 2],
    deploy_days: BTreeSet<(String, u32)>,
    person_days: BTreeSet<(String, u32)>,
    road_days: BTreeSet<(String, u32)>,
    rotations: u64,
}

fn network(address: &str) -> String {
    address.rsplit_once('.').map_or(address, |(network, _)| network).to_owned()
}

impl Counts {
    fn add(&mut self, day: u32, event: &SimEvent) {
        let Some(identity) = event.identity().map(|id| id.to_string()) else { return };
        if let Some(seen) = self.machines.get_mut(&identity) {
            let month = if day < 30 { &mut seen.before } else { &mut seen.after };
            if event.service() == "iam" && event.action() == "CreateAccessKey" {
                self.rotations += 1;
            }
            if !event.action().ends_with("AccessKey") {
                month.actions.insert((event.service(), event.action()));
            }
            month.networks.insert(network(event.address()));
            self.machine_calls[0] += 1;
            self.machine_calls[1] += u64::from(event.denied());
            self.machine_calls[2] += u64::from(event.throttled());
        } else if identity.starts_with("idc:") && event.service() != "sts" && event.service() != "signin" {
            let person = identity.rsplit('/').next().unwrap_or_default().to_owned();
            self.person_calls[0] += 1;
            self.person_calls[1] += u64::from(event.denied());
            let road = (120..126).any(|second| event.address().starts_with(&format!("100.{second}.")));
            if road {
                self.road_days.insert((person.clone(), day));
            }
            self.person_days.insert((person, day));
        } else if identity.contains(":role/gha-") {
            self.deploy_days.insert((identity, day));
        }
    }

    /// Machines for which something is in the second month that was not in the first.
    fn machines_with_new(&self, is_new: impl Fn(&Seen) -> bool) -> usize {
        self.machines.values().filter(|seen| is_new(seen)).count()
    }
}

/// Fails unless the measured rate per million lies within so many hundredths of the table's.
fn check(name: &str, (hits, of): (u64, u64), expected: u32, tolerance: u64) {
    let measured = hits * 1_000_000 / of.max(1);
    let expected = u64::from(expected);
    let within = expected * (100 - tolerance) / 100..=expected * (100 + tolerance) / 100;
    assert!(
        within.contains(&measured),
        "{name}: {measured} per million ({hits} of {of}), the table says {expected}"
    );
}

#[test]
fn the_table_holds_over_a_big_run() {
    let plan = Plan { attacks: AttackPlan::None, ..Plan::new(5, 2_500, DAYS) };
    let organisation = organisation(&plan);
    let mut counts = Counts::default();
    let machines =
        [Class::User, Class::Vendor, Class::Function, Class::Container, Class::Instance, Class::Agent];
    for member in organisation.members().filter(|member| machines.contains(&member.class)) {
        counts.machines.insert(organisation.identity(member), Seen::default());
    }
    for day in 0..DAYS {
        for event in organisation.day(day) {
            counts.add(day, &event);
        }
    }
    let (noise, all) = (plan.noise, counts.machines.len() as u64);
    let new_service =
        counts.machines_with_new(|seen| !seen.after.services().is_subset(&seen.before.services())) as u64;
    let new_action = counts.machines_with_new(|seen| {
        let known = seen.before.services();
        seen.after.actions.difference(&seen.before.actions).any(|(service, _)| known.contains(service))
    }) as u64;
    let new_network =
        counts.machines_with_new(|seen| !seen.after.networks.is_subset(&seen.before.networks)) as u64;
    let [calls, denied, throttled] = counts.machine_calls;
    check("machine_new_action", (new_action, all), noise.machine_new_action, 25);
    check("machine_new_service", (new_service, all), noise.machine_new_service, 40);
    check("machine_new_network", (new_network, all), noise.machine_new_network, 40);
    check("machine_denied", (denied, calls), noise.machine_denied, 10);
    check("throttled", (throttled, calls), noise.throttled, 15);
    check("person_denied", (counts.person_calls[1], counts.person_calls[0]), noise.person_denied, 10);
    check(
        "person_travel",
        (counts.road_days.len() as u64, counts.person_days.len() as u64),
        noise.person_travel,
        25,
    );
    let workdays = (0..DAYS).filter(|&day| (plan.day_start(day).day().0 + 3).rem_euclid(7) < 5).count()
        as u64
        * u64::from(organisation.count(Class::Pipeline));
    check("deploy", (counts.deploy_days.len() as u64, workdays), noise.deploy, 5);
    let user_days = u64::from(organisation.count(Class::User)) * u64::from(DAYS);
    check("key_rotation", (counts.rotations, user_days), 1_000_000 / noise.key_rotation_days, 20);
}

#[test]
fn every_rate_is_in_the_table() {
    let fields = format!("{:?}", Noise::default()).matches(": ").count();
    let table = noise_table(&Noise::default());
    let names: BTreeSet<_> = table.iter().map(|row| row.name).collect();
    assert_eq!((table.len(), names.len()), (fields, fields));
}
