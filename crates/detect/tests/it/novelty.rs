//! How surprise gathers, what it is weighed by, and what is left out.

use doorward_detect::Judging;
use doorward_detect::narrative::narrative;
use doorward_model::event::{ActionClass, Event, Issued, Outcome, Target};
use doorward_model::identity::IdentityKind;

use crate::watch::{Watch, at, event};

const KEY: &str = "ASIAEXAMPLE000000001";

fn check(events: &[Event], expected: Option<&str>) {
    assert_eq!(told(5, events, Judging::Full).as_deref(), expected);
}

/// Thirty workers that read a queue, on ten days; then one of them does something else. What is told of it, last, where
/// so many peers are enough.
fn told(peers_min: u32, events: &[Event], judging: Judging) -> Option<String> {
    let mut watch = Watch::new();
    watch.parameters.peers_min = peers_min;
    let workers: Vec<_> = (1..=30).map(|number| format!("w{number}")).collect();
    workers.iter().for_each(|worker| watch.knows(worker, IdentityKind::Workload, "role:worker"));
    for day in 0..10 {
        for worker in &workers {
            watch.sees(worker, event(at(day, 480), "sqs:ReceiveMessage"), Judging::Learn);
        }
    }
    let told = events.iter().filter_map(|event| watch.sees("w1", event.clone(), judging)).last();
    told.as_ref().map(narrative)
}

#[test]
fn with_little_history_only_firsts_against_peers_count() {
    let in_new_service = [act(0, "iam:CreateUser", ActionClass::Permissions)];
    let in_known_service = [act(0, "sqs:SetQueueAttributes", ActionClass::Permissions)];
    let service = "w1 used iam for the first time in 9d 16h and 10 events; 0 of 30 in role:worker do. \
                   Weighted surprise 28 bits.";
    let action = "w1 called sqs:SetQueueAttributes for the first time in 9d 16h and 10 events; 0 of 30 in role:worker \
                  do. Weighted surprise 28 bits.";
    for (events, expected) in [(&in_new_service, service), (&in_known_service, action)] {
        assert_eq!(told(30, events, Judging::Short).as_deref(), Some(expected));
        assert_eq!(told(31, events, Judging::Short), None);
        assert!(told(31, events, Judging::Full).is_some());
    }
    // What is no consequence, and what is new in places alone.
    assert_eq!(told(30, &[act(0, "s3:PutObject", ActionClass::Write)], Judging::Short), None);
    let mut elsewhere = act(0, "sqs:ReceiveMessage", ActionClass::Permissions);
    (elsewhere.client.network, elsewhere.client.family) = ("198.51.100.0/24".to_owned(), "curl".to_owned());
    assert_eq!(told(30, &[elsewhere.clone()], Judging::Short), None);
    assert!(told(30, &[elsewhere], Judging::Full).is_some());
}

fn act(minute: i64, permission: &str, class: ActionClass) -> Event {
    let mut event = event(at(10, minute), permission);
    event.class = class.into();
    event.actor.access_key_id = KEY.to_owned();
    event
}

#[test]
fn consequence_decides() {
    check(&[act(0, "iam:ListUsers", ActionClass::List)], None);
    check(&[act(0, "s3:PutObject", ActionClass::Write)], None);
    let told = "w1 used iam for the first time in 9d 16h and 10 events; 0 of 30 in role:worker do. \
                Weighted surprise 28 bits.";
    check(&[act(0, "iam:CreateUser", ActionClass::Permissions)], Some(told));
}

/// A change of a key of somebody.
fn key(minute: i64, action: &str, holder: &str) -> Event {
    let target = Target { kind: "userName".to_owned(), id: holder.to_owned() };
    let issued = (action == "iam:CreateAccessKey")
        .then(|| Issued { principal: holder.to_owned(), ..Issued::default() });
    let outcome = Outcome::Success.into();
    Event { target: Some(target), issued, outcome, ..act(minute, action, ActionClass::Credential) }
}

#[test]
fn who_rotates_a_key_of_its_own_is_left_alone() {
    let rotation = ["iam:CreateAccessKey", "iam:UpdateAccessKey", "iam:DeleteAccessKey"];
    let own: Vec<_> = (0..).zip(rotation).map(|(minute, action)| key(minute, action, "w1")).collect();
    check(&own, None);
    let told = "w1 used iam for the first time in 9d 16h and 10 events; 0 of 30 in role:worker do. \
                Weighted surprise 28 bits.";
    check(&[key(0, "iam:DeleteAccessKey", "w2")], Some(told));
}

#[test]
fn what_one_credential_does_is_one_finding() {
    // First what is new, then what is proven: the finding takes its name from that, and keeps what led to it.
    let first = "w1 called iam:CreateAccessKey for eve, which had never done so before. It used iam for the first time \
                 in 9d 16h and 10 events; 0 of 30 in role:worker do. It called iam:CreateAccessKey for the first time \
                 in 9d 16h and 11 events. 2 such events within 1m, weighted surprise 9 bits.";
    check(&[act(0, "iam:ListUsers", ActionClass::List), key(1, "iam:CreateAccessKey", "eve")], Some(first));
    // The other way round.
    let joined = "w1 called iam:CreateAccessKey for eve, which had never done so before. It used s3 for the first time \
                  in 9d 16h and 11 events; 0 of 30 in role:worker do. It used iam for the first time in 9d 16h and 10 \
                  events; 0 of 30 in role:worker do. 2 such events within 1m, weighted surprise 57 bits.";
    let after = act(1, "s3:PutBucketPolicy", ActionClass::Permissions);
    check(&[key(0, "iam:CreateAccessKey", "eve"), after.clone()], Some(joined));
    // By another credential it is another finding.
    let apart = "w1 used s3 for the first time in 9d 16h and 11 events; 0 of 30 in role:worker do. \
                 Weighted surprise 28 bits.";
    let mut other = after;
    other.actor.access_key_id = "ASIAEXAMPLE000000002".to_owned();
    check(&[key(0, "iam:CreateAccessKey", "eve"), other], Some(apart));
}

#[test]
fn what_was_throttled_is_left_out() {
    let mut throttled = act(0, "iam:CreateUser", ActionClass::Permissions);
    throttled.outcome = Outcome::Throttled.into();
    check(&[throttled], None);
}

fn on(minute: i64, permission: &str, class: ActionClass, target: i64) -> Event {
    let target = Target { kind: "instanceId".to_owned(), id: format!("i-{target:08}") };
    Event { target: Some(target), ..act(minute, permission, class) }
}

#[test]
fn many_targets_within_minutes_are_reported() {
    let fan_out: Vec<_> = (0..24)
        .map(|target| {
            let mut event = on(0, "sqs:ReceiveMessage", ActionClass::Execute, target);
            event.happened_at_ms += target * 3_000;
            event
        })
        .collect();
    let told = "w1 reached 8 targets in 10 minutes by changes for the first time in 9d 16h and 17 events; \
                0 of 30 in role:worker do. It reached 16 targets in 10 minutes by changes for the first time in \
                9d 16h and 26 events; 0 of 30 in role:worker do. 2 such events within 27s, weighted surprise 38 bits.";
    check(&fan_out, Some(told));
    // One target many times, and many targets over hours.
    let one: Vec<_> = (0..40).map(|_| on(0, "sqs:ReceiveMessage", ActionClass::Execute, 7)).collect();
    check(&one, None);
    let slow: Vec<_> =
        (0..40).map(|target| on(target * 10, "sqs:ReceiveMessage", ActionClass::Execute, target)).collect();
    check(&slow, None);
}

/// Thirty workers of a kind that read a queue, on twenty days; one of them also does one odd thing on some of them, for
/// somebody if it is said for whom. What is told of it, last.
fn odd_days(kind: IdentityKind, days: &[i64], chain: &[&str]) -> Option<String> {
    let mut watch = Watch::new();
    watch.knows("ann", IdentityKind::Human, "person");
    let workers: Vec<_> = (1..=30).map(|number| format!("w{number}")).collect();
    workers.iter().for_each(|worker| watch.knows(worker, kind, "role:worker"));
    let mut told = None;
    for day in 0..20 {
        for worker in &workers {
            watch.sees(worker, event(at(day, 480), "sqs:ReceiveMessage"), Judging::Learn);
        }
        if days.contains(&day) {
            watch.chain = chain.iter().map(|id| (*id).to_owned()).collect();
            let odd = event(at(day, 600), &format!("sqs:ListOdd{day}"));
            told = watch.sees("w1", odd, Judging::Full).or(told);
            watch.chain.clear();
        }
    }
    told.as_ref().map(narrative)
}

#[test]
fn one_odd_thing_a_day_adds_up_for_machines() {
    let told = "w1 called sqs:ListOdd9 for the first time in 9d 2h and 12 events; 0 of 30 in role:worker do. \
                It did what neither it nor its peers do on 3 of 16 days for the first time in 9d 2h and 12 events; \
                0 of 30 in role:worker do. Weighted surprise 40 bits.";
    assert_eq!(odd_days(IdentityKind::Workload, &[5, 7, 9], &[]).as_deref(), Some(told));
    // Two are too few, and nobody knows on the first days what is odd.
    assert_eq!(odd_days(IdentityKind::Workload, &[5, 7], &[]), None);
    assert_eq!(odd_days(IdentityKind::Workload, &[0, 1, 2], &[]), None);
    // People try something new every now and then, also by a role that they assume.
    assert_eq!(odd_days(IdentityKind::Human, &[5, 7, 9], &[]), None);
    assert_eq!(odd_days(IdentityKind::Workload, &[5, 7, 9], &["ann"]), None);
    assert!(odd_days(IdentityKind::Workload, &[5, 7, 9], &["w2"]).is_some());
}
