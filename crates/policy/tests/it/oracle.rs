//! Differential test: generated policies, entities and requests, with errors, against the stable interface.

use cedar_policy::{
    Context, Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet as Stable, Request,
    SlotId, Template,
};
use doorward_policy::evaluate;
use doorward_policy::evaluate::{EntityRef, Query, Unusable};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};
use proptest::sample::select;
use serde_json::{Value, json};

use crate::support::{Answer, oracle, ours, record, world_of};

const USERS: [&str; 4] = ["u0", "u1", "u2", "ghost"];
const GROUPS: [&str; 4] = ["g0", "g1", "g2", "void"];
const DOCS: [&str; 4] = ["d0", "d1", "d2", "ghost"];
const FOLDERS: [&str; 3] = ["f0", "f1", "void"];
const ACTIONS: [&str; 4] = ["read", "write", "all", "ghost"];

/// Bodies that hold, do not hold, or err: by a missing attribute, a missing entity, a type, an overflow.
const BODIES: [&str; 40] = [
    "true",
    "false",
    "principal.dept == \"d0\"",
    "principal.dept == \"d1\" && context.mfa",
    "\"d0\" == principal.dept && principal.level < 3",
    "resource.class == 1",
    "resource.class == 2 && principal.level >= resource.class",
    "resource.class == 1 && resource.nothing == 2",
    "principal.level + 9223372036854775807 > 0",
    "context.mfa == true && resource.class <= principal.level",
    "principal has dept && principal.dept == \"d0\"",
    "principal has manager && principal.manager.dept == \"d0\"",
    "principal.manager.manager.level > 1",
    "principal.manager in Group::\"g1\"",
    "Group::\"g0\".flag",
    "User::\"u1\".level == 2",
    "resource.owner == principal",
    "resource.owner in Group::\"g0\"",
    "principal in resource.readers",
    "principal in Group::\"g0\" || principal in Group::\"g2\"",
    "resource in Folder::\"f1\"",
    "principal is User && principal.dept like \"d*\"",
    "action in Action::\"all\"",
    "action == Action::\"read\"",
    "action.risky",
    "action has risky && action.risky",
    "context.missing == 1",
    "context has ip && context.ip.isIpv4()",
    "context.nested.deep == 1",
    "context has nested.deep && context.nested.deep == 2",
    "context.who.level == 2",
    "context.who in Group::\"g1\"",
    "context == {mfa: true}",
    "principal.hasTag(\"team\") && principal.getTag(\"team\") == \"red\"",
    "principal.getTag(\"none\") == \"red\"",
    "principal.level",
    "(if context.mfa then principal else resource.owner).level == 2",
    "[principal, resource.owner].contains(User::\"u0\")",
    "resource.owner == User::\"u0\"",
    "principal has manager.dept && principal.manager.dept == \"d1\"",
];

/// Bodies that read attributes of principal and resource and nothing else of any entity.
const SHALLOW: [&str; 20] = [
    "principal.dept == \"d0\"",
    "resource.class <= principal.level",
    "resource.class == 1 && resource.nothing == 2",
    "principal.level + 9223372036854775807 > 0",
    "principal.level",
    "principal has dept && principal.dept == \"d1\"",
    "principal has nothing || resource has owner",
    "principal is User && principal.dept like \"d*\"",
    "(if context.mfa then principal.level else resource.class) == 2",
    "[principal.level, 3].contains(resource.class)",
    "-principal.level < 0 && context has nested",
    "resource.owner == User::\"u0\"",
    "resource.owner == principal",
    "principal == User::\"u1\" || resource.class == 2",
    "action == Action::\"read\" && principal.level > 1",
    "context has ip && context.ip.isInRange(ip(\"10.0.0.0/8\")) && principal.level == 1",
    "context.nested.deep == principal.level",
    "principal.dept.length == 2",
    // What a context brings is never taken for what the principal has, whatever its name.
    "context has \"\\0pdept\" && principal has dept && principal.dept == context[\"\\0pdept\"]",
    "context has \"\\0rclass\" && resource has nothing",
];

#[derive(Clone, Debug)]
struct Plan {
    forbids: bool,
    principal: u8,
    action: u8,
    resource: u8,
    names: (&'static str, &'static str, &'static str, &'static str),
    body: &'static str,
    unless: bool,
    template: bool,
}

fn plan(bodies: &'static [&'static str]) -> impl Strategy<Value = Plan> {
    let names = (select(&USERS[..]), select(&GROUPS[..]), select(&DOCS[..]), select(&FOLDERS[..]));
    let flags = (0_u8..6, any::<bool>(), any::<bool>());
    let scopes = (0_u8..7, 0_u8..5, 0_u8..7);
    (scopes, names, select(bodies), flags).prop_map(|(scopes, names, body, (forbids, unless, template))| {
        Plan {
            forbids: forbids == 0,
            principal: scopes.0,
            action: scopes.1,
            resource: scopes.2,
            names,
            body,
            unless,
            template,
        }
    })
}

impl Plan {
    fn text(&self) -> String {
        let (user, group, doc, folder) = self.names;
        let principal = match self.principal {
            0 => "principal".to_owned(),
            1 => "principal is User".to_owned(),
            2 => format!("principal == User::\"{user}\""),
            3 => format!("principal in Group::\"{group}\""),
            4 => format!("principal is User in Group::\"{group}\""),
            5 => format!("principal in User::\"{user}\""),
            _ if self.template => "principal == ?principal".to_owned(),
            _ => format!("principal == User::\"{user}\""),
        };
        let action = match self.action {
            0 => "action",
            1 => "action == Action::\"read\"",
            2 => "action in [Action::\"read\", Action::\"write\"]",
            3 => "action in Action::\"all\"",
            _ => "action in []",
        };
        let resource = match self.resource {
            0 => "resource".to_owned(),
            1 => "resource is Doc".to_owned(),
            2 => format!("resource == Doc::\"{doc}\""),
            3 => format!("resource in Folder::\"{folder}\""),
            4 => format!("resource is Doc in Folder::\"{folder}\""),
            5 => "resource is User".to_owned(),
            _ if self.template => "resource in ?resource".to_owned(),
            _ => format!("resource == Doc::\"{doc}\""),
        };
        let effect = if self.forbids { "forbid" } else { "permit" };
        let clause = if self.unless { "unless" } else { "when" };
        format!("{effect}({principal}, {action}, {resource}) {clause} {{ {} }};", self.body)
    }

    fn add_to(&self, set: &mut Stable, number: usize) {
        let (id, text) = (format!("p{number}"), self.text());
        if !text.contains("?principal") && !text.contains("?resource") {
            set.add(Policy::parse(Some(PolicyId::new(id)), text).unwrap()).unwrap();
            return;
        }
        let template = format!("t{number}");
        set.add_template(Template::parse(Some(PolicyId::new(&template)), &text).unwrap()).unwrap();
        let principal = text.contains("?principal").then(|| (SlotId::principal(), uid("User", self.names.0)));
        let resource = text.contains("?resource").then(|| (SlotId::resource(), uid("Folder", self.names.3)));
        let slots = principal.into_iter().chain(resource).collect();
        set.link(PolicyId::new(template), PolicyId::new(id), slots).unwrap();
    }
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.parse::<EntityTypeName>().unwrap(), EntityId::new(id))
}

fn entities(shape: u8) -> Entities {
    let bit = |at: u8| shape >> at & 1 == 1;
    let parent = |kind: &str, id: &str| format!("{{\"type\": \"{kind}\", \"id\": \"{id}\"}}");
    let entity = |kind: &str, id: &str, attrs: &str, parents: &[String], tags: &str| {
        format!(
            "{{\"uid\": {}, \"attrs\": {attrs}, \"parents\": [{}], \"tags\": {tags}}}",
            parent(kind, id),
            parents.join(",")
        )
    };
    let ref_to = |kind: &str, id: &str| format!("{{\"__entity\": {}}}", parent(kind, id));
    let all = [
        entity(
            "User",
            "u0",
            &format!("{{\"dept\": \"d0\", \"level\": 1, \"manager\": {}}}", ref_to("User", "u1")),
            &[parent("Group", if bit(0) { "g0" } else { "g1" })],
            "{\"team\": \"red\"}",
        ),
        entity(
            "User",
            "u1",
            &format!(
                "{{\"dept\": {}, \"level\": 2, \"manager\": {}}}",
                if bit(1) { "\"d1\"" } else { "7" },
                ref_to("User", "u2")
            ),
            &[parent("Group", "g1"), parent("Group", "void")],
            "{\"team\": \"blue\"}",
        ),
        entity("User", "u2", "{\"level\": 3}", &[], "{}"),
        entity(
            "Group",
            "g0",
            "{\"flag\": true}",
            &if bit(2) { vec![parent("Group", "g2")] } else { vec![] },
            "{}",
        ),
        entity("Group", "g1", "{}", &[parent("Group", "g0")], "{}"),
        entity("Group", "g2", "{}", &[], "{}"),
        entity(
            "Doc",
            "d0",
            &format!(
                "{{\"class\": 1, \"owner\": {}, \"readers\": [{}]}}",
                ref_to("User", "u0"),
                ref_to("Group", "g1")
            ),
            &[parent("Folder", "f0")],
            "{}",
        ),
        entity("Doc", "d1", &format!("{{\"class\": 2, \"owner\": {}}}", ref_to("User", "ghost")), &[], "{}"),
        entity("Doc", "d2", "{}", &[parent("Folder", "f1")], "{}"),
        entity("Folder", "f0", "{}", &if bit(3) { vec![parent("Folder", "f1")] } else { vec![] }, "{}"),
        entity("Folder", "f1", "{}", &[], "{}"),
        entity("Action", "read", "{}", &[parent("Action", "all")], "{}"),
        entity(
            "Action",
            "write",
            "{\"risky\": true}",
            &if bit(4) { vec![parent("Action", "all")] } else { vec![] },
            "{}",
        ),
        entity("Action", "all", "{}", &[], "{}"),
    ];
    Entities::from_json_str(&format!("[{}]", all.join(",")), None).unwrap()
}

const CONTEXTS: [&str; 7] = [
    "{}",
    r#"{"mfa": true}"#,
    r#"{"mfa": false, "nested": {"deep": 1}}"#,
    r#"{"mfa": true, "ip": {"__extn": {"fn": "ip", "arg": "10.0.0.1"}}, "nested": {"deep": 2}}"#,
    r#"{"mfa": true, "who": {"__entity": {"type": "User", "id": "u1"}}}"#,
    r#"{"mfa": "yes"}"#,
    r#"{"mfa": true, "\u0000pdept": "d1", "\u0000plevel": 1, "\u0000rclass": 2}"#,
];

type Asked = (&'static str, &'static str, &'static str, &'static str, u8);

fn asked() -> impl Strategy<Value = Asked> {
    (select(&USERS[..]), select(&ACTIONS[..]), select(&DOCS[..]), select(&CONTEXTS[..]), 0_u8..12)
}

/// Puts the same questions to both, and returns what we say and what Cedar says.
fn both(plans: &[Plan], shape: u8, asked: Vec<Asked>) -> [Vec<Answer>; 2] {
    let mut policies = Stable::new();
    for (number, plan) in plans.iter().enumerate() {
        plan.add_to(&mut policies, number);
    }
    let entities = entities(shape);
    let world = world_of(policies.clone(), None, &entities);
    let answers = asked.into_iter().map(|(user, action, doc, context, turn)| {
        // Now and then the principal is a group, or the resource a user, or both are one.
        let (principal_type, user) = if turn == 0 { ("Group", "g1") } else { ("User", user) };
        let (resource_type, doc) = match turn {
            1 => ("User", user),
            2 => ("Folder", "f0"),
            _ => ("Doc", doc),
        };
        let given = Context::from_json_str(context, None).unwrap();
        let values = record(&given.to_json_value().unwrap());
        let query = Query {
            principal: EntityRef { kind: principal_type, id: user },
            action: EntityRef { kind: "Action", id: action },
            resource: EntityRef { kind: resource_type, id: doc },
            context: &values,
        };
        let uids = [uid(principal_type, user), uid("Action", action), uid(resource_type, doc)];
        let [principal, action, resource] = uids;
        let request = Request::new(principal, action, resource, given, None).unwrap();
        (ours(&evaluate(&world, &query).unwrap()), oracle(&request, &policies, &entities))
    });
    let (ours, cedars) = answers.unzip();
    [ours, cedars]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    #[test]
    fn generated_policies_come_out_as_in_cedar(
        plans in vec(plan(&BODIES), 0..60), shape in any::<u8>(), asked in vec(asked(), 4),
    ) {
        let [ours, cedars] = both(&plans, shape, asked);
        prop_assert_eq!(ours, cedars);
    }

    #[test]
    fn policies_that_read_attributes_only_come_out_as_in_cedar(
        plans in vec(plan(&SHALLOW), 0..12), shape in any::<u8>(), asked in vec(asked(), 8),
    ) {
        let [ours, cedars] = both(&plans, shape, asked);
        prop_assert_eq!(ours, cedars);
    }
}

/// A policy for every pair of 34 groups and 34 folders: each group and each folder is named by too many to look at.
#[test]
fn a_grid_of_policies_is_looked_up_by_pairs() {
    let policies: String = (0..34 * 34)
        .map(|at| {
            let (group, folder) = (at / 34, at % 34);
            let effect = if (group + folder) % 3 == 0 { "forbid" } else { "permit" };
            format!(
                "{effect}(principal in Group::\"g{group}\", action, resource in Folder::\"f{folder}\");\n"
            )
        })
        .collect();
    let policies: Stable = policies.parse().unwrap();
    let entity = |kind: &str, id: usize, parents: Vec<Value>| json!({"uid": {"type": kind, "id": id.to_string()}, "attrs": {}, "parents": parents});
    let group = |id: usize| json!({"type": "Group", "id": format!("g{}", id % 34)});
    let folder = |id: usize| json!({"type": "Folder", "id": format!("f{}", id % 34)});
    let user = |at: usize| entity("User", at, vec![group(at), group(at * 5 + 1)]);
    let doc = |at: usize| entity("Doc", at, vec![folder(at * 3 + 2)]);
    let rows: Vec<_> = (0..34).map(user).chain((0..34).map(doc)).collect();
    let entities = Entities::from_json_value(json!(rows), None).unwrap();
    let world = world_of(policies.clone(), None, &entities);
    for at in 0..34 {
        let (user, doc) = (at.to_string(), (at * 7 % 34).to_string());
        let query = Query {
            principal: EntityRef { kind: "User", id: &user },
            action: EntityRef { kind: "Action", id: "read" },
            resource: EntityRef { kind: "Doc", id: &doc },
            context: &record(&json!({})),
        };
        let (user, doc) = (uid("User", &user), uid("Doc", &doc));
        let request = Request::new(user, uid("Action", "read"), doc, Context::empty(), None).unwrap();
        assert_eq!(ours(&evaluate(&world, &query).unwrap()), oracle(&request, &policies, &entities));
    }
}

#[test]
fn more_attributes_than_a_mask_is_wide_are_read_all_the_same() {
    let policies: String = (0..200)
        .map(|at| format!("permit(principal, action, resource) when {{ resource has a{at} && resource.a{at} == {at} }};\n"))
        .collect();
    let policies: Stable = policies.parse().unwrap();
    let attrs: serde_json::Map<_, _> = (0..200).map(|at| (format!("a{at}"), json!(at - at % 7))).collect();
    let rows = json!([{"uid": {"type": "Doc", "id": "d"}, "attrs": attrs, "parents": []}]);
    let entities = Entities::from_json_value(rows, None).unwrap();
    let world = world_of(policies.clone(), None, &entities);
    let query = Query {
        principal: EntityRef { kind: "User", id: "u" },
        action: EntityRef { kind: "Action", id: "read" },
        resource: EntityRef { kind: "Doc", id: "d" },
        context: &record(&json!({})),
    };
    let request =
        Request::new(uid("User", "u"), uid("Action", "read"), uid("Doc", "d"), Context::empty(), None)
            .unwrap();
    assert_eq!(ours(&evaluate(&world, &query).unwrap()), oracle(&request, &policies, &entities));
}

#[test]
fn a_decision_reads_no_more_entities_than_its_limit() {
    let answer = |length: usize| {
        let user = |at: usize| json!({"type": "User", "id": at.to_string()});
        let row = |at: usize| json!({"uid": user(at), "attrs": {"next": {"__entity": user(at + 1)}}, "parents": []});
        let entities = Entities::from_json_value((0..length).map(row).collect(), None).unwrap();
        let policies: Stable =
            "permit(principal, action, resource) when { principal.next.next == User::\"2\" };"
                .parse()
                .unwrap();
        let query = Query {
            principal: EntityRef { kind: "User", id: "0" },
            action: EntityRef { kind: "Action", id: "read" },
            resource: EntityRef { kind: "Doc", id: "d" },
            context: &record(&json!({})),
        };
        evaluate(&world_of(policies, None, &entities), &query).map(|evaluation| evaluation.allowed)
    };
    assert_eq!([answer(100), answer(10_000)], [Ok(true), Err(Unusable::TooWide)]);
}
