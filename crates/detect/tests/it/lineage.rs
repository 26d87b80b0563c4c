//! What proves something about a credential, and the lawful moves that look alike.

use doorward_detect::Judging;
use doorward_model::event::{ActorKind, Issued, Outcome};
use doorward_model::identity::IdentityKind;

use crate::watch::{Watch, at, event, line};

/// One use of a key: minute, network, what the client says of its source.
type Use = (i64, &'static str, &'static str);

struct Case {
    kind: IdentityKind,
    session: &'static str,
    key: &'static str,
    /// Networks that others of the tenant use.
    shared: &'static [&'static str],
    /// Networks that the identity has used with other keys on each of the five days before.
    before: &'static [&'static str],
    uses: &'static [Use],
}

const MACHINE: Case = Case {
    kind: IdentityKind::Workload,
    session: "run-1",
    key: "ASIAEXAMPLE000000001",
    shared: &[],
    before: &["192.0.2.0/24"],
    uses: &[],
};
const PERSON: Case = Case { kind: IdentityKind::Human, session: "alice@corp.example", ..MACHINE };
const INSTANCE: Case = Case { session: "i-0123456789abcdef0", ..MACHINE };

const HOME: &str = "192.0.2.0/24";
const AWAY: &str = "203.0.113.0/24";

fn used(
    case: &Case,
    time: doorward_model::time::Time,
    network: &str,
    key: &str,
) -> doorward_model::event::Event {
    let mut event = event(time, "s3:GetObject");
    event.actor.kind = ActorKind::AssumedRole.into();
    event.actor.arn = format!("arn:aws:sts::111122223333:assumed-role/app/{}", case.session);
    event.actor.access_key_id = key.to_owned();
    event.client.network = network.to_owned();
    event
}

/// What is raised by the uses, in the order in which it is.
fn check(case: &Case, expected: &[&str]) {
    let mut watch = Watch::new();
    watch.knows("app", case.kind, "role:app");
    for other in ["one", "two", "three"] {
        for network in case.shared {
            watch.sees(other, used(case, at(0, 0), network, &format!("ASIA{other}")), Judging::Learn);
        }
    }
    for day in 0..5 {
        for (hour, network) in (8..).zip(case.before) {
            let key = format!("ASIA{day}{hour}");
            watch.sees("app", used(case, at(day, hour * 60), network, &key), Judging::Learn);
        }
    }
    let mut raised = Vec::new();
    for (minute, network, source) in case.uses {
        let mut event = used(case, at(5, *minute), network, case.key);
        event.client.credential_source = (*source).to_owned();
        raised.extend(watch.sees("app", event, Judging::Full).map(|finding| line(&finding)));
    }
    assert_eq!(raised, expected);
}

#[test]
fn a_key_that_comes_back_has_two_holders() {
    let uses = &[(480, HOME, ""), (490, AWAY, ""), (500, HOME, "")];
    check(&Case { uses, ..MACHINE }, &["medium key-in-two-networks, sure to 60 %, 2 events"]);
    check(&Case { uses, ..PERSON }, &["low key-in-two-networks, sure to 30 %, 2 events"]);
}

#[test]
fn lawful_ways_of_a_session_between_networks() {
    // A machine that moves for good, and one that comes back after more than an hour.
    check(&Case { uses: &[(480, HOME, ""), (490, AWAY, ""), (500, AWAY, "")], ..MACHINE }, &[]);
    check(&Case { uses: &[(480, HOME, ""), (490, AWAY, ""), (560, HOME, "")], ..MACHINE }, &[]);
    // A pool of gateways, which others use, too.
    let pool = &[(480, HOME, ""), (485, AWAY, ""), (490, HOME, ""), (495, AWAY, ""), (500, HOME, "")];
    check(&Case { shared: &[HOME, AWAY], uses: pool, ..MACHINE }, &[]);
    // A function that leaves through many addresses of the platform has no home.
    let many = &[HOME, AWAY, "198.51.100.0/24", "192.88.99.0/24"];
    check(&Case { before: many, uses: pool, ..MACHINE }, &[]);
    // A task in a VPC: private addresses and endpoints, then the gateway of the VPC.
    check(
        &Case {
            uses: &[(480, "10.1.2.0/24", ""), (485, "vpce:vpce-1a2b", ""), (490, "10.1.2.0/24", "")],
            ..MACHINE
        },
        &[],
    );
    check(
        &Case { uses: &[(480, "10.1.2.0/24", ""), (485, HOME, ""), (490, "10.1.2.0/24", "")], ..MACHINE },
        &[],
    );
    // Both protocols of one host, and addresses of one IPv6 site.
    check(&Case { uses: &[(480, HOME, ""), (485, "2001:db8:1::/48", ""), (490, HOME, "")], ..MACHINE }, &[]);
    check(&Case { uses: &[(480, "2001:db8:1::/48", ""), (485, "2001:db8:1::/48", "")], ..MACHINE }, &[]);
    // A service that calls in its name is no place.
    check(
        &Case {
            uses: &[(480, HOME, ""), (485, "service:athena.amazonaws.com", ""), (490, HOME, "")],
            ..MACHINE
        },
        &[],
    );
    // A person on and off the company's VPN, either way round.
    check(&Case { shared: &[AWAY], uses: pool, ..PERSON }, &[]);
    check(&Case { shared: &[HOME], uses: pool, ..PERSON }, &[]);
}

#[test]
fn a_thief_does_not_hide_behind_the_home_of_a_machine() {
    let uses = &[(480, HOME, ""), (490, AWAY, ""), (500, HOME, "")];
    check(
        &Case { shared: &[HOME], uses, ..MACHINE },
        &["medium key-in-two-networks, sure to 60 %, 2 events"],
    );
}

#[test]
fn the_credential_of_an_instance_belongs_to_it() {
    let stolen = &["high instance-credential-elsewhere, sure to 90 %, 1 events"];
    check(&Case { uses: &[(480, HOME, ""), (490, AWAY, "")], ..INSTANCE }, stolen);
    let (inside, site) = (&["10.1.2.0/24", HOME], &["2001:db8:1::/48"]);
    check(&Case { before: inside, uses: &[(480, "10.1.2.0/24", ""), (490, AWAY, "")], ..INSTANCE }, stolen);
    check(
        &Case {
            before: site,
            uses: &[(480, "2001:db8:1::/48", ""), (490, "2001:db8:2::/48", "")],
            ..INSTANCE
        },
        stolen,
    );
}

#[test]
fn lawful_ways_of_an_instance() {
    // Its own gateway, which it has used before; another one of the tenant's; another address of its IPv6 site.
    check(&Case { uses: &[(480, "10.1.2.0/24", ""), (490, HOME, "")], ..INSTANCE }, &[]);
    check(&Case { shared: &[AWAY], uses: &[(480, HOME, ""), (490, AWAY, "")], ..INSTANCE }, &[]);
    check(&Case { uses: &[(480, "2001:db8:1::/48", ""), (490, "2001:db8:1::/48", "")], ..INSTANCE }, &[]);
    // A session that is named by its holder is no instance's.
    check(&Case { uses: &[(480, HOME, ""), (490, AWAY, "")], ..MACHINE }, &[]);
}

#[test]
fn a_delivered_key_that_lies_in_a_variable_was_copied() {
    let copied = &["high credential-source-changed, sure to 80 %, 1 events"];
    check(&Case { uses: &[(480, HOME, "0"), (490, HOME, "g")], ..MACHINE }, copied);
    check(&Case { uses: &[(480, HOME, "z"), (490, HOME, "n")], ..MACHINE }, copied);
    // The same source again, none said, and a role that is assumed anew.
    check(&Case { uses: &[(480, HOME, "0"), (490, HOME, "0")], ..MACHINE }, &[]);
    check(&Case { uses: &[(480, HOME, "z"), (490, HOME, "")], ..MACHINE }, &[]);
    check(&Case { uses: &[(480, HOME, "g"), (490, HOME, "0")], ..MACHINE }, &[]);
    check(&Case { uses: &[(480, HOME, "0"), (490, HOME, "k")], ..MACHINE }, &[]);
}

#[test]
fn several_facts_of_one_event_are_one_finding() {
    // Copied, and used elsewhere: what is surest gives the name.
    check(
        &Case { uses: &[(480, HOME, "0"), (490, AWAY, "g")], ..INSTANCE },
        &["high instance-credential-elsewhere, sure to 90 %, 1 events"],
    );
}

/// What is raised when somebody makes a credential: the action, for whom, and how it ends.
fn made(action: &str, holder: &str, outcome: Outcome, expected: Option<&str>) {
    let mut watch = Watch::new();
    watch.knows("bob", IdentityKind::Service, "");
    let mut event = event(at(0, 0), action);
    event.outcome = outcome.into();
    event.issued = Some(Issued { principal: holder.to_owned(), ..Issued::default() });
    let raised = watch.sees("bob", event, Judging::Short).map(|finding| line(&finding));
    assert_eq!(raised.as_deref(), expected, "{action} for {holder}");
}

#[test]
fn a_lasting_credential_for_another_is_reported() {
    let reported = Some("high credential-for-another, sure to 70 %, 1 events");
    made("iam:CreateAccessKey", "eve", Outcome::Success, reported);
    made("iam:CreateLoginProfile", "eve", Outcome::Success, reported);
    made("iam:UpdateLoginProfile", "eve", Outcome::Success, reported);
    made("iam:CreateAccessKey", "eve", Outcome::Denied, None);
    made("iam:CreateAccessKey", "bob", Outcome::Success, None);
    made("iam:CreateAccessKey", "", Outcome::Success, None);
    // A role that is assumed is another identity's session, and ends.
    made("sts:AssumeRole", "role", Outcome::Success, None);
}
