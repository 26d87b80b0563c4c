//! What records, labels and exports say.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::time::Millis;
use doorward_simulate::{AttackPlan, Class, Plan, SimEvent, large_account, large_log, organisation};
use serde_json::Value;

fn plan() -> Plan {
    Plan { attacks: AttackPlan::EachVariant, ..Plan::new(11, 200, 12) }
}

fn all(plan: &Plan) -> Vec<SimEvent> {
    let organisation = organisation(plan);
    (0..plan.days).flat_map(|day| organisation.day(day)).collect()
}

#[test]
fn events_are_in_order_within_their_day() {
    let plan = plan();
    let organisation = organisation(&plan);
    for day in 0..plan.days {
        let events = organisation.day(day);
        assert!(events.len() > 1_000, "only {} events on day {day}", events.len());
        assert!(events.is_sorted_by_key(|event| (event.at, event.id)));
        let span = plan.day_start(day)..plan.day_start(day + 1);
        assert_eq!(events.iter().find(|event| !span.contains(&event.at)).map(|event| event.at), None);
    }
}

#[test]
fn a_day_is_the_sum_of_its_hours() {
    let plan = plan();
    let organisation = organisation(&plan);
    let hour = |hour: i64| plan.day_start(10) + Millis::HOUR.times(hour);
    let by_hour: Vec<_> = (0..24)
        .flat_map(|start| organisation.between(hour(start), hour(start + 1)))
        .map(|event| event.json())
        .collect();
    let whole: Vec<_> = organisation.day(10).iter().map(SimEvent::json).collect();
    assert_eq!(by_hour.len(), whole.len());
    assert!(by_hour == whole, "the hours of a day say something else than the day");
}

#[test]
fn ids_are_given_once() {
    let events = all(&plan());
    let ids: BTreeSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), events.len());
}

#[test]
fn a_hundred_thousand_identities_are_told_apart() {
    let plan = Plan::new(7, 100_000, 1);
    let organisation = organisation(&plan);
    let members: BTreeSet<_> = organisation.members().map(|member| organisation.identity(member)).collect();
    assert_eq!(members.len(), organisation.len() as usize, "some members have one identity");
    assert!((95_000..105_000).contains(&members.len()), "{} members", members.len());
    let morning = plan.day_start(0) + Millis::HOUR.times(10);
    let events = organisation.between(morning, morning + Millis::MINUTE.times(10));
    let ids: BTreeSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), events.len());
    let acting: BTreeSet<_> = events.iter().filter_map(SimEvent::identity).collect();
    let known = acting.iter().filter(|id| members.contains(id.as_str())).count();
    assert!(known > 2_000, "only {known} of {} who act are members", acting.len());
}

#[test]
fn records_have_what_cloudtrail_writes() {
    let always = [
        "awsRegion",
        "eventCategory",
        "eventID",
        "eventName",
        "eventSource",
        "eventTime",
        "eventType",
        "eventVersion",
        "managementEvent",
        "readOnly",
        "recipientAccountId",
        "requestID",
        "requestParameters",
        "responseElements",
        "sourceIPAddress",
        "userAgent",
        "userIdentity",
    ];
    for event in all(&plan()) {
        let json = event.json();
        let record: Value = serde_json::from_slice(&json).unwrap_or_else(|error| {
            panic!("{error} in {}", String::from_utf8_lossy(&json));
        });
        let missing: Vec<_> = always.iter().filter(|name| record.get(name).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?} missing in {record}");
        assert_eq!(record["eventTime"], event.at.to_string());
        assert_eq!(record["recipientAccountId"], *event.account);
        let (text, stand_ins) = (String::from_utf8_lossy(&json), ["$r", "$a", "$g", "$h", "$n", "$s", "$c"]);
        assert!(!stand_ins.iter().any(|it| text.contains(it)), "a stand-in is left over in {record}");
    }
}

#[test]
fn credentials_are_used_after_they_are_handed_out() {
    let mut handed_out: BTreeMap<String, String> = BTreeMap::new();
    let mut seen = BTreeMap::from([("with", 0), ("before", 0)]);
    for event in all(&plan()) {
        let record: Value = serde_json::from_slice(&event.json()).expect("a record");
        if let Some(key) = record["responseElements"]["credentials"]["accessKeyId"].as_str() {
            handed_out.insert(key.to_owned(), event.at.to_string());
        }
        let key = record["userIdentity"]["accessKeyId"].as_str().unwrap_or_default();
        if key.starts_with("ASIA") {
            *seen.entry(if handed_out.contains_key(key) { "with" } else { "before" }).or_default() += 1;
        }
    }
    // Sessions that began before the first day were handed out before it, too.
    assert!(seen["before"] * 20 < seen["with"], "{seen:?}");
}

#[test]
fn labels_point_at_records_of_their_identity() {
    let plan = plan();
    let events: BTreeMap<_, _> = all(&plan).into_iter().map(|event| (event.id, event)).collect();
    let labels = organisation(&plan).labels();
    let names: BTreeSet<_> = labels.iter().map(|label| label.name).collect();
    assert_eq!((labels.len(), names.len()), (41, 12));
    for label in labels {
        let times: Vec<_> = label
            .events
            .iter()
            .map(|id| {
                let event =
                    events.get(id).unwrap_or_else(|| panic!("{} names {id}, which is nowhere", label.id));
                assert_eq!(event.identity().as_ref(), Some(&label.identity), "{}", label.id);
                event.at
            })
            .collect();
        assert!(times.len() > 2 && times.is_sorted(), "{}", label.id);
        assert_eq!((times.first(), times.last()), (Some(&label.from), Some(&label.to)), "{}", label.id);
    }
}

#[test]
fn without_attacks_everything_else_stays() {
    let quiet = Plan { attacks: AttackPlan::None, ..plan() };
    let labelled: BTreeSet<_> =
        organisation(&plan()).labels().into_iter().flat_map(|label| label.events).collect();
    let benign: BTreeSet<_> =
        all(&plan()).into_iter().map(|event| event.id).filter(|id| !labelled.contains(id)).collect();
    let without: BTreeSet<_> = all(&quiet).into_iter().map(|event| event.id).collect();
    assert_eq!(without.difference(&benign).count(), 0);
}

#[test]
fn exports_name_everybody_who_lives_in_the_account() {
    let organisation = organisation(&plan());
    for account in organisation.accounts() {
        let export: Value = serde_json::from_slice(&organisation.export(account.index)).expect("an export");
        let living = |wanted: &[Class]| {
            organisation.members().filter(|m| m.account == account.index && wanted.contains(&m.class)).count()
        };
        let roles = [
            Class::Pipeline,
            Class::Vendor,
            Class::Function,
            Class::Container,
            Class::Instance,
            Class::Agent,
        ];
        let count = |list: &str| export[list].as_array().map(Vec::len);
        assert_eq!(count("UserDetailList"), Some(living(&[Class::User]) + usize::from(account.index == 0)));
        assert_eq!(count("RoleDetailList"), Some(living(&roles) + 12));
        let names: BTreeSet<_> = export["RoleDetailList"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|role| role["Arn"].to_string())
            .collect();
        assert_eq!(Some(names.len()), count("RoleDetailList"));
    }
}

#[test]
fn nobody_acts_before_the_first_day() {
    let mut plan = Plan::new(3, 1_000, 10);
    plan.noise.new_hire = 500_000;
    let organisation = organisation(&plan);
    let hired: BTreeMap<_, _> = organisation
        .members()
        .map(|member| (organisation.name(member), organisation.first_day(member)))
        .filter(|&(_, first_day)| first_day > 1)
        .collect();
    assert!(hired.len() > 20, "only {} new people", hired.len());
    for day in 0..plan.days {
        for event in organisation.day(day) {
            let person = event.identity().and_then(|id| id.as_str().rsplit('/').next().map(str::to_owned));
            let first_day = person.and_then(|person| hired.get(&person)).copied().unwrap_or_default();
            // A day begins up to eight hours earlier where the person lives.
            assert!(
                day + 1 >= first_day,
                "{:?} acts on day {day}, hired on day {first_day}",
                event.identity()
            );
        }
    }
}

#[test]
fn a_new_region_is_used_from_its_day_on() {
    let mut plan = Plan { attacks: AttackPlan::None, ..Plan::new(4, 500, 12) };
    plan.noise.region_expansion = 1_000_000;
    let organisation = organisation(&plan);
    let expanding: BTreeMap<_, _> = organisation
        .accounts()
        .iter()
        .filter_map(|account| account.expansion.map(|expansion| (account.id.to_string(), expansion)))
        .filter(|&(_, (since, _))| since < plan.days)
        .collect();
    let mut used = BTreeSet::new();
    for day in 0..plan.days {
        for event in organisation.day(day) {
            if let Some(&(since, region)) = expanding.get(&*event.account)
                && region == event.region
            {
                assert!(day >= since, "{} uses {region} on day {day}, not from {since} on", event.account);
                used.insert(event.account.to_string());
            }
        }
    }
    assert!(used.len() > 1, "of {expanding:?} only {used:?} use their new region");
}

#[test]
fn the_large_account_has_its_counts() {
    let mut export = Vec::new();
    large_account(1, 300, &mut |piece| export.extend_from_slice(piece));
    let export: Value = serde_json::from_slice(&export).expect("an export");
    let count = |list: &str| export[list].as_array().map(Vec::len);
    let lists = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];
    assert_eq!(lists.map(count), [Some(30), Some(6), Some(300), Some(75)]);
    let statements = export.to_string().matches("\"Effect\"").count();
    assert!((700..1_500).contains(&statements), "{statements} statements");
}

#[test]
fn roles_of_the_large_account_do_the_same_few_things_again() {
    let log = |seed: u64| {
        let mut log = Vec::new();
        large_log(seed, (300, 2_000), &mut |piece| log.extend_from_slice(piece));
        let log: Value = serde_json::from_slice(&log).expect("a log");
        log["Records"].as_array().expect("records").clone()
    };
    let records = log(1);
    assert_eq!(records, log(1));
    assert_ne!(records, log(2));
    let mut account = Vec::new();
    large_account(1, 300, &mut |piece| account.extend_from_slice(piece));
    let account: Value = serde_json::from_slice(&account).expect("an export");
    let roles = account["RoleDetailList"].as_array().expect("roles");
    let known: BTreeSet<_> =
        roles.iter().map(|role| (role["Arn"].clone().to_string(), role["RoleId"].as_str())).collect();
    let (mut done, mut ids, mut denied) = (BTreeMap::<String, BTreeSet<String>>::new(), BTreeSet::new(), 0);
    for record in &records {
        let issuer = &record["userIdentity"]["sessionContext"]["sessionIssuer"];
        let role = (issuer["arn"].to_string(), issuer["principalId"].as_str());
        assert!(known.contains(&role), "{role:?}");
        let what = format!("{} {}", record["eventName"], record["requestParameters"]);
        done.entry(role.0).or_default().insert(what);
        ids.insert(record["eventID"].to_string());
        denied += usize::from(record.get("errorCode").is_some());
    }
    assert!(records.is_sorted_by_key(|record| record["eventTime"].as_str().map(str::to_owned)));
    assert_eq!((records.len(), ids.len()), (2_000, 2_000));
    assert!(done.values().all(|habits| habits.len() <= 4), "{done:?}");
    // The last roles do hardly anything, and so some do nothing.
    assert!((200..300).contains(&done.len()) && (20..80).contains(&denied), "{} {denied}", done.len());
}
