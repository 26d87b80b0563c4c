//! In whatever order events and an export arrive, the same is known in the end.
//!
//! Where it is not so: of two events on one row in the same millisecond the one that comes later counts; that a row is
//! marked `from event` depends on the order where an event says the same as an older export; and what is not listed in
//! an export of a whole account (resources, credentials) knows of no export that did not name it; and a version of a
//! managed policy that is in force in an export, and by an event that is known already no more, is not kept beside it.

use doorward_model::event::Event;
use doorward_model::identity::IdentityKind;
use doorward_model::inventory::{Group, Scope};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};
use serde_json::json;

use super::*;

/// What is done to one of two users, two roles and a policy, as far as it can be done at all then.
#[derive(Clone, Copy, Debug)]
enum Step {
    CreateUser,
    DeleteUser,
    Put { name: u8, text: u8 },
    DeletePut { name: u8 },
    Attach { policy: u8 },
    Detach { policy: u8 },
    Bound { policy: u8 },
    Unbound,
    Join { group: u8 },
    Leave { group: u8 },
    Tag { key: u8, value: u8 },
    Untag { key: u8 },
    Key { active: bool },
    DeleteKey,
    Version { is_default: bool },
    InForce { version: u8 },
    Trust { text: u8 },
}

fn step() -> impl Strategy<Value = (u8, Step)> {
    let step = (0_u8..17, 0_u8..2, 0_u8..4).prop_map(|(kind, one, two)| match kind {
        0 => Step::CreateUser,
        1 => Step::DeleteUser,
        2 => Step::Put { name: one, text: two },
        3 => Step::DeletePut { name: one },
        4 => Step::Attach { policy: one },
        5 => Step::Detach { policy: one },
        6 => Step::Bound { policy: one },
        7 => Step::Unbound,
        8 => Step::Join { group: one },
        9 => Step::Leave { group: one },
        10 => Step::Tag { key: one, value: two },
        11 => Step::Untag { key: one },
        12 => Step::Key { active: one == 0 },
        13 => Step::DeleteKey,
        14 => Step::Version { is_default: one == 0 },
        15 => Step::InForce { version: two },
        _ => Step::Trust { text: two },
    });
    (0_u8..2, step)
}

/// What AWS would know, as far as it decides what can be done next.
#[derive(Default)]
struct World {
    users: [bool; 2],
    versions: u8,
}

impl World {
    /// The event of a step; none of one that cannot be done.
    fn event(&mut self, (who, step): (u8, Step), at_ms: i64) -> Option<Event> {
        let (action, request, response) = match step {
            Step::CreateUser => self.made(who)?,
            Step::Version { .. } | Step::InForce { .. } => self.of_policy(step)?,
            Step::Trust { text } => {
                let statement = json!({"Effect": "Allow", "Principal": {"AWS": format!("{text}{text}")}, "Action": "sts:AssumeRole"});
                let document = json!({"Statement": [statement]}).to_string();
                (
                    "UpdateAssumeRolePolicy",
                    json!({"roleName": format!("role-{who}"), "policyDocument": document}),
                    Value::Null,
                )
            }
            step => {
                let (action, mut request) = self.of_user(who, step)?;
                request["userName"] = format!("user-{who}").into();
                (action, request, Value::Null)
            }
        };
        Some(answered(action, request, response, at_ms))
    }

    fn made(&mut self, who: u8) -> Option<(&'static str, Value, Value)> {
        let is_there = std::mem::replace(&mut self.users[usize::from(who)], true);
        let (user, tags) = (format!("user-{who}"), json!([{"key": "0", "value": "made"}]));
        let arn = format!("arn:aws:iam::111122223333:user/{user}");
        let response = json!({"user": {"arn": arn, "userName": user, "tags": tags}});
        (!is_there).then(|| ("CreateUser", json!({"userName": user}), response))
    }

    fn of_user(&mut self, who: u8, step: Step) -> Option<(&'static str, Value)> {
        let who = usize::from(who);
        if !self.users[who] {
            return None;
        }
        let policy = |number: u8| format!("arn:aws:iam::111122223333:policy/{number}");
        let key = format!("AKIAUSERUSERUSERUSE{who}");
        Some(match step {
            Step::DeleteUser => {
                self.users[who] = false;
                ("DeleteUser", json!({}))
            }
            Step::Put { name, text } => {
                ("PutUserPolicy", json!({"policyName": name.to_string(), "policyDocument": document(text)}))
            }
            Step::DeletePut { name } => ("DeleteUserPolicy", json!({"policyName": name.to_string()})),
            Step::Attach { policy: number } => ("AttachUserPolicy", json!({"policyArn": policy(number)})),
            Step::Detach { policy: number } => ("DetachUserPolicy", json!({"policyArn": policy(number)})),
            Step::Bound { policy: number } => {
                ("PutUserPermissionsBoundary", json!({"permissionsBoundary": policy(number)}))
            }
            Step::Unbound => ("DeleteUserPermissionsBoundary", json!({})),
            Step::Join { group } => ("AddUserToGroup", json!({"groupName": group.to_string()})),
            Step::Leave { group } => ("RemoveUserFromGroup", json!({"groupName": group.to_string()})),
            Step::Tag { key, value } => {
                ("TagUser", json!({"tags": [{"key": key.to_string(), "value": value.to_string()}]}))
            }
            Step::Untag { key } => ("UntagUser", json!({"tagKeys": [key.to_string()]})),
            Step::Key { active } => {
                let status = if active { "Active" } else { "Inactive" };
                ("UpdateAccessKey", json!({"accessKeyId": key, "status": status}))
            }
            Step::DeleteKey => ("DeleteAccessKey", json!({"accessKeyId": key})),
            _ => return None,
        })
    }

    fn of_policy(&mut self, step: Step) -> Option<(&'static str, Value, Value)> {
        let arn = "arn:aws:iam::111122223333:policy/managed";
        match step {
            Step::Version { is_default } => {
                self.versions += 1;
                let (version, text) = (format!("v{}", self.versions), document(self.versions));
                if self.versions == 1 {
                    let response = json!({"policy": {"arn": arn, "defaultVersionId": version}});
                    return Some((
                        "CreatePolicy",
                        json!({"policyName": "managed", "policyDocument": text}),
                        response,
                    ));
                }
                let request = json!({"policyArn": arn, "policyDocument": text, "setAsDefault": is_default});
                Some(("CreatePolicyVersion", request, json!({"policyVersion": {"versionId": version}})))
            }
            Step::InForce { version } if version < self.versions => {
                let request = json!({"policyArn": arn, "versionId": format!("v{}", version + 1)});
                Some(("SetDefaultPolicyVersion", request, Value::Null))
            }
            _ => None,
        }
    }
}

fn document(number: u8) -> String {
    let statement = json!({"Sid": number.to_string(), "Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    json!({"Statement": [statement]}).to_string()
}

/// Steps as the events that they lead to, a minute apart.
fn events(steps: &[(u8, Step)]) -> Vec<Event> {
    let mut world = World::default();
    (1..).zip(steps).filter_map(|(at, step)| world.event(*step, BEGIN + at * 60_000)).collect()
}

/// Lines without who says so, and groups in order: that of an export is its own.
fn bare(driver: &Driver) -> Vec<String> {
    rows(driver).iter().map(|line| line.trim_end_matches(" iam").to_owned()).collect()
}

/// The account as an export would show it then: as what was told until then, by somebody else.
fn export(before: &[Event], at_ms: i64) -> AccountExport {
    let mut driver = Driver::new(1, 1);
    before.iter().cloned().for_each(|event| driver.take(event));
    let known = derive(&driver.engine.state.control).into_iter().find(|export| export.account == account());
    let mut export = known.unwrap_or_default();
    let seen = Some(Seen::by(Source::Iam));
    (export.account, export.scope, export.complete, export.newest_at_ms) =
        (account(), Scope::Account, true, at_ms);
    export.credentials.clear();
    export.identities.push(Identity {
        id: "arn:aws:iam::111122223333:role/anchor".into(),
        kind: IdentityKind::Workload.into(),
        account: account(),
        ..Identity::default()
    });
    export.identities.iter_mut().for_each(|row| row.seen = seen);
    export.groups.iter_mut().for_each(|row| row.seen = seen);
    export.entitlements.iter_mut().for_each(|row| row.seen = seen);
    for row in &mut export.policies {
        row.seen = seen;
        row.text.clone_from(&driver.texts[&row.hash]);
    }
    export
}

fn take(driver: &mut Driver, export: &AccountExport) {
    let texts = export.policies.iter().map(|policy| (policy.hash, policy.text.clone()));
    driver.texts.extend(texts);
    driver.import(export, Time::from_ms(export.newest_at_ms));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn events_in_any_order_lead_to_the_same(steps in vec(step(), 1..24), seed in any::<u64>()) {
        let events = events(&steps);
        let mut expected = Driver::new(1, 1);
        events.iter().cloned().for_each(|event| expected.take(event));
        let mut found = Driver::new(1, 1);
        shuffled(&events, seed).into_iter().for_each(|event| found.take(event));
        prop_assert_eq!(bare(&found), bare(&expected));
    }

    #[test]
    fn an_export_among_events_in_any_order_leads_to_the_same(
        steps in vec(step(), 1..20),
        (taken, place) in (0_usize..20, 0_usize..20),
        seed in any::<u64>(),
    ) {
        let events = events(&steps);
        let taken = taken.min(events.len());
        let at_ms = events[..taken].last().map_or(BEGIN, |event| event.happened_at_ms) + 1;
        let export = export(&events[..taken], at_ms);
        let mut expected = Driver::new(1, 1);
        events[..taken].iter().cloned().for_each(|event| expected.take(event));
        take(&mut expected, &export);
        events[taken..].iter().cloned().for_each(|event| expected.take(event));
        let mut found = Driver::new(1, 1);
        for (at, event) in shuffled(&events, seed).into_iter().enumerate() {
            if at == place {
                take(&mut found, &export);
            }
            found.take(event);
        }
        if place >= events.len() {
            take(&mut found, &export);
        }
        prop_assert_eq!(in_force(&found), in_force(&expected));
    }
}

/// Lines without versions that are not in force.
fn in_force(driver: &Driver) -> Vec<String> {
    bare(driver).into_iter().filter(|line| !line.contains(" version:")).collect()
}

/// In an order that only the seed decides.
fn shuffled(events: &[Event], seed: u64) -> Vec<Event> {
    let mut keyed: Vec<_> = events
        .iter()
        .map(|event| (Hash16::of_parts(&[&seed.to_le_bytes(), event.id.as_bytes()]), event.clone()))
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, event)| event).collect()
}

#[test]
fn an_export_confirms_what_events_have_shown_and_withdraws_what_it_does_not_name() {
    let mut driver = Driver::new(1, 1);
    let put =
        |name: &str| json!({"userName": "ann", "policyName": name, "policyDocument": "{\"Statement\":[]}"});
    driver.take(event("PutUserPolicy", put("kept"), BEGIN));
    driver.take(event("PutUserPolicy", put("lost"), BEGIN + 1_000));
    let marks = |driver: &Driver| -> Vec<(String, Source)> {
        let held = driver.engine.state.control.inventory.entitlements.iter();
        held.map(|held| (held.policy.clone(), held.seen.unwrap_or_default().source())).collect()
    };
    let mark = |name: &str, source| (format!("inline:{name}"), source);
    assert_eq!(marks(&driver), [mark("kept", Source::Event), mark("lost", Source::Event)]);
    let mut export = export(&[event("PutUserPolicy", put("kept"), BEGIN)], BEGIN + 5_000);
    take(&mut driver, &export);
    assert_eq!(marks(&driver), [mark("kept", Source::Iam)]);
    // What happens afterwards is marked again, until the next one.
    driver.take(event("PutUserPolicy", put("new"), BEGIN + 9_000));
    assert_eq!(marks(&driver), [mark("kept", Source::Iam), mark("new", Source::Event)]);
    let known = driver.engine.state.control.identities["arn:aws:iam::111122223333:user/ann"].seen();
    assert_eq!(known.map(|seen| seen.source()), Some(Source::Iam));
    export.newest_at_ms = BEGIN + 10_000;
    export.entitlements.clear();
    export.policies.clear();
    take(&mut driver, &export);
    assert_eq!(marks(&driver), []);
}

#[test]
fn late_events_do_not_bring_back_what_a_later_one_or_an_export_has_ended() {
    let mut driver = Driver::new(1, 1);
    let attach = json!({"userName": "ann", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
    driver.take(event("DetachUserPolicy", attach.clone(), BEGIN + 2_000));
    driver.take(event("AttachUserPolicy", attach.clone(), BEGIN + 1_000));
    assert_eq!(driver.engine.state.control.inventory.entitlements.len(), 0);
    let mut driver = Driver::new(1, 1);
    take(&mut driver, &export(&[], BEGIN + 5_000));
    driver.take(event("AttachUserPolicy", attach.clone(), BEGIN + 5_000));
    assert_eq!(rows(&driver), ["identity iam::1:role/anchor workload 1 - - trusts [] tags {} groups [] iam"]);
    driver.take(event("AttachUserPolicy", attach, BEGIN + 6_000));
    assert_eq!(driver.engine.state.control.inventory.entitlements.len(), 1);
}

#[test]
fn a_row_that_is_older_than_the_event_that_ended_it_is_not_imported() {
    let mut driver = Driver::new(1, 1);
    let arn = "arn:aws:iam::111122223333:group/admins";
    driver.take(event("DeleteGroup", json!({"groupName": "admins"}), BEGIN + 5_000));
    let at = |at_ms| {
        let seen = Some(Seen { at_ms, ..Seen::by(Source::Config) });
        let group =
            Group { id: arn.into(), name: "admins".into(), account: account(), seen, ..Group::default() };
        AccountExport {
            account: account(),
            scope: Scope::Rows,
            groups: vec![group],
            ..AccountExport::default()
        }
    };
    let groups = |driver: &Driver| driver.engine.state.control.inventory.groups.len();
    driver.import(&at(BEGIN + 1_000), Time::from_ms(BEGIN + 9_000));
    assert_eq!(groups(&driver), 0);
    driver.import(&at(BEGIN + 6_000), Time::from_ms(BEGIN + 9_000));
    assert_eq!(groups(&driver), 1);
}

#[test]
fn a_source_that_is_only_taken_at_its_word_changes_nothing() {
    let driver = Driver::new(1, 1);
    let attach = json!({"userName": "ann", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
    let mut engine = driver.engine;
    let event = event("AttachUserPolicy", attach, BEGIN);
    let mut seen =
        engine.identify(Box::new(event), Time::from_ms(BEGIN), doorward_engine::Arrival::Live).seen;
    let told = doorward_intake::change::read(&seen.event).unwrap();
    assert_eq!(engine.changes(&seen, told.clone(), &|_| None).facts.len(), 3);
    seen.trust = doorward_model::record::Trust::Asserted.into();
    assert_eq!(engine.changes(&seen, told, &|_| None), doorward_engine::Changes::default());
}

const DOCUMENT: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const TRUST: &str = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn own(what: &str) -> String {
    format!("arn:aws:iam::111122223333:{what}")
}

/// What a whole export shows.
fn page() -> Value {
    json!({
        "UserDetailList": [{
            "Path": "/", "UserName": "ann", "UserId": "AIDAANN", "Arn": own("user/ann"),
            "UserPolicyList": [{"PolicyName": "x", "PolicyDocument": DOCUMENT}],
            "GroupList": ["admins"], "Tags": [{"Key": "a", "Value": "b"}],
            "AttachedManagedPolicies": [{"PolicyArn": own("policy/p")}],
            "PermissionsBoundary": {"PermissionsBoundaryArn": own("policy/p")},
        }],
        "GroupDetailList": [{
            "GroupName": "admins", "GroupId": "AGPAADMINS", "Arn": own("group/admins"),
            "GroupPolicyList": [], "AttachedManagedPolicies": [{"PolicyArn": own("policy/p")}],
        }],
        "RoleDetailList": [{
            "Path": "/", "RoleName": "web", "RoleId": "AROAWEB", "Arn": own("role/web"),
            "AssumeRolePolicyDocument": TRUST, "RolePolicyList": [], "AttachedManagedPolicies": [],
            "InstanceProfileList": [{"InstanceProfileName": "web", "Arn": own("instance-profile/web"), "Roles": []}],
        }],
        "Policies": [{
            "Arn": own("policy/p"), "DefaultVersionId": "v2",
            "PolicyVersionList": [
                {"VersionId": "v2", "IsDefaultVersion": true, "Document": DOCUMENT},
                {"VersionId": "v1", "IsDefaultVersion": false, "Document": "{\"Statement\":[]}"},
            ],
        }],
        "IsTruncated": false,
    })
}

/// Events that say the same: action, request, answer.
fn said() -> Vec<(&'static str, Value, Value)> {
    let policy = own("policy/p");
    let made = |name: &str, what: Value| json!({name: what});
    vec![
        (
            "CreatePolicy",
            json!({"policyName": "p", "policyDocument": "{\"Statement\":[]}"}),
            made("policy", json!({"arn": policy, "defaultVersionId": "v1"})),
        ),
        (
            "CreatePolicyVersion",
            json!({"policyArn": policy, "policyDocument": DOCUMENT, "setAsDefault": true}),
            made("policyVersion", json!({"versionId": "v2"})),
        ),
        (
            "CreateUser",
            json!({"userName": "ann"}),
            made(
                "user",
                json!({"path": "/", "userName": "ann", "userId": "AIDAANN", "arn": own("user/ann")}),
            ),
        ),
        ("TagUser", json!({"userName": "ann", "tags": [{"key": "a", "value": "b"}]}), Value::Null),
        (
            "PutUserPolicy",
            json!({"userName": "ann", "policyName": "x", "policyDocument": DOCUMENT}),
            Value::Null,
        ),
        ("AttachUserPolicy", json!({"userName": "ann", "policyArn": policy}), Value::Null),
        (
            "PutUserPermissionsBoundary",
            json!({"userName": "ann", "permissionsBoundary": policy}),
            Value::Null,
        ),
        (
            "CreateGroup",
            json!({"groupName": "admins"}),
            made(
                "group",
                json!({"groupName": "admins", "groupId": "AGPAADMINS", "arn": own("group/admins")}),
            ),
        ),
        ("AttachGroupPolicy", json!({"groupName": "admins", "policyArn": policy}), Value::Null),
        ("AddUserToGroup", json!({"groupName": "admins", "userName": "ann"}), Value::Null),
        (
            "CreateRole",
            json!({"roleName": "web"}),
            made(
                "role",
                json!({"path": "/", "roleName": "web", "roleId": "AROAWEB", "arn": own("role/web"), "assumeRolePolicyDocument": "%7B%7D"}),
            ),
        ),
        ("UpdateAssumeRolePolicy", json!({"roleName": "web", "policyDocument": TRUST}), Value::Null),
        (
            "CreateInstanceProfile",
            json!({"instanceProfileName": "web"}),
            made(
                "instanceProfile",
                json!({"instanceProfileName": "web", "arn": own("instance-profile/web")}),
            ),
        ),
        ("AddRoleToInstanceProfile", json!({"instanceProfileName": "web", "roleName": "web"}), Value::Null),
    ]
}

#[test]
fn events_that_say_what_an_export_says_lead_to_the_same_rows() {
    let mut exported = Driver::new(1, 1);
    let mut reader = doorward_intake::Reader::new("test", doorward_intake::Limits::default());
    let mut keep = |item| match item {
        doorward_intake::Item::Export(export) => {
            take(&mut exported, &AccountExport { newest_at_ms: BEGIN, ..*export });
        }
        other => panic!("{other:?}"),
    };
    reader.push(page().to_string().as_bytes(), &mut keep);
    reader.finish(&mut keep);
    let mut shown = Driver::new(1, 1);
    for (at, (action, request, response)) in (0..).zip(said()) {
        shown.take(answered(action, request, response, BEGIN + at * 60_000));
    }
    // Whom a user is compared with is not changed by events: else who comes into a group would be one of its usual ones.
    let without_peers = |driver: &Driver| {
        bare(driver).iter().map(|line| line.replace(" group:admins ", " user:ann ")).collect::<Vec<_>>()
    };
    assert_eq!(without_peers(&shown), without_peers(&exported));
    assert!(rows(&shown).len() > 12, "{:?}", rows(&shown));
}
