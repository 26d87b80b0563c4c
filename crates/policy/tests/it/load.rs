//! Policy files and a schema in; a set, or errors with file and line, out.

use doorward_policy::policy_set::load::{Source, Sources};
use doorward_policy::policy_set::{Cost, Expected, Link, PolicySet};
use doorward_views::snapshot::entity::Name;

const SCHEMA: &str = r#"
entity Group;
entity User in [Group] { dept: String, manager?: User };
entity Doc;
@class("read")
action read appliesTo { principal: User, resource: Doc };
action fly appliesTo { principal: Group, resource: Doc };
"#;

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

fn sources(policies: &[(&str, &str)]) -> Sources {
    Sources {
        policies: policies.iter().map(|(path, text)| source(path, text)).collect(),
        schema: vec![source("schema.cedarschema", SCHEMA)],
        links: Vec::new(),
    }
}

/// The policies that were loaded, or each error's first line.
fn check(sources: &Sources) -> Result<Vec<String>, Vec<String>> {
    let ids = |set: PolicySet| {
        let mut ids: Vec<_> = set.stable().policies().map(|policy| policy.id().to_string()).collect();
        ids.sort();
        ids
    };
    let first_line = |error: String| error.lines().next().unwrap().to_owned();
    PolicySet::load(sources)
        .map(ids)
        .map_err(|errors| errors.iter().map(|e| first_line(e.to_string())).collect())
}

#[test]
fn policies_are_named_by_id_or_by_place() {
    let files = [
        (
            "policies/a.cedar",
            "permit(principal, action, resource);\n@id(\"named\")\nforbid(principal, action, resource);",
        ),
        ("policies/b.cedar", "permit(principal is User, action, resource);"),
    ];
    assert_eq!(
        check(&sources(&files)),
        Ok(vec!["a.cedar#0".to_owned(), "b.cedar#0".to_owned(), "named".to_owned()])
    );
}

#[test]
fn every_error_tells_file_and_line() {
    let wrong = |text: &str| check(&sources(&[("a.cedar", text)])).unwrap_err();
    assert_eq!(
        wrong("permit(principal, action, resource);\npermit(principal, action resource);"),
        ["a.cedar:2: unexpected token `resource`"]
    );
    assert_eq!(
        wrong("\n\npermit(principal is User, action, resource) when { principal.shoe == 1 };"),
        ["a.cedar:3: for policy `a.cedar#0`, attribute `shoe` on entity type `User` not found"]
    );
    assert_eq!(
        wrong("permit(principal is Doc, action == Action::\"read\", resource);"),
        [
            "a.cedar:1: can never match: for policy `a.cedar#0`, policy is impossible: the policy expression evaluates to false for all valid requests"
        ]
    );
    assert_eq!(
        wrong("permit(principal is User, action == Action::\"read\", resource)\nwhen { false };"),
        [
            "a.cedar:1: can never match: for policy `a.cedar#0`, policy is impossible: the policy expression evaluates to false for all valid requests"
        ]
    );
    assert_eq!(
        wrong(
            "@id(\"x\") permit(principal, action, resource);\n@id(\"x\") permit(principal, action, resource);"
        ),
        ["a.cedar:2: duplicate template or policy id `x`"]
    );
    assert_eq!(
        wrong(
            "@step_up(\"phr\") @max_age(\"soon\")\npermit(principal, action, resource);\n@obligation(\"dance\")\npermit(principal, action, resource);"
        ),
        [
            "a.cedar:1: @max_age is no number of seconds",
            "a.cedar:3: @obligation is none of custom, step-up, notification, session_termination",
        ]
    );
}

#[test]
fn schema_errors_tell_file_and_line() {
    let with_schema = |text: &str| {
        let mut sources = sources(&[("a.cedar", "permit(principal, action, resource);")]);
        sources.schema.push(source("more.cedarschema", text));
        check(&sources).unwrap_err()
    };
    assert_eq!(
        with_schema("entity Car;\nentity entity;;"),
        ["more.cedarschema:2: error parsing schema: unexpected token `;`"]
    );
    assert_eq!(
        with_schema(
            "entity Car;\n@class(\"reed\")\naction drive appliesTo { principal: User, resource: Car };"
        ),
        [
            "more.cedarschema:2: @class(\"reed\") is none of read, list, write, permissions, credential, data, execute"
        ]
    );
    assert_eq!(
        with_schema(
            "entity Car;\n@risk_max(\"sixty\")\naction drive appliesTo { principal: User, resource: Car };\n@class( \"reed\" ) @risk_max(\"101\")\naction wash;"
        ),
        [
            "more.cedarschema:2: @risk_max(\"sixty\") is no number from 0 to 100",
            "more.cedarschema:4: @class(\"reed\") is none of read, list, write, permissions, credential, data, execute",
            "more.cedarschema:4: @risk_max(\"101\") is no number from 0 to 100",
        ]
    );
    assert_eq!(
        with_schema("entity Car in [Garage];"),
        ["schema.cedarschema, more.cedarschema:0: failed to resolve type: Garage"]
    );
}

#[test]
fn templates_are_filled() {
    let mut sources = sources(&[(
        "t.cedar",
        "@id(\"grant\") permit(principal == ?principal, action == Action::\"read\", resource);",
    )]);
    let link = |principal: Option<Name>| Link {
        id: "grant-1".to_owned(),
        template: "grant".to_owned(),
        principal,
        resource: None,
    };
    sources.links = vec![link(Some(Name::new("User", "u")))];
    assert_eq!(check(&sources), Ok(vec!["grant-1".to_owned()]));
    sources.links = vec![link(None)];
    assert_eq!(check(&sources), Err(vec!["t.cedar:1: link grant-1: unable to link template: the following slots were not provided as arguments: ?principal".to_owned()]));
    sources.links = vec![link(Some(Name::new("Doc", "d")))];
    assert_eq!(check(&sources), Err(vec!["t.cedar:1: can never match: for policy `grant-1`, policy is impossible: the policy expression evaluates to false for all valid requests".to_owned()]));
}

#[test]
fn the_hash_is_of_everything_that_is_loaded() {
    let text = "permit(principal, action, resource);";
    let hash = |sources: &Sources| PolicySet::load(sources).unwrap().hash;
    let one = hash(&sources(&[("a.cedar", text)]));
    assert_eq!(one, hash(&sources(&[("a.cedar", text)])));
    assert_ne!(one, hash(&sources(&[("b.cedar", text)])));
    assert_ne!(one, hash(&sources(&[("a.cedar", "forbid(principal, action, resource);")])));
}

#[test]
fn dear_policies_are_named() {
    let crowd: String = (0..40)
        .map(|n| format!("@id(\"c{n:02}\") permit(principal in Group::\"g\", action, resource);\n"))
        .collect();
    let files = [
        ("a.cedar", "@id(\"all\") permit(principal, action, resource);"),
        (
            "b.cedar",
            "@id(\"deep\") permit(principal is User, action == Action::\"read\", resource) when { principal has manager && principal.manager.dept == \"x\" };",
        ),
        ("c.cedar", crowd.as_str()),
    ];
    let set = PolicySet::load(&sources(&files)).unwrap();
    let costs = set.costs();
    assert_eq!(
        costs,
        [Cost::Always("all".to_owned()), Cost::Crowd("c00".to_owned(), 40), Cost::Deep("deep".to_owned())]
    );
    let told: Vec<_> =
        costs.iter().map(|cost| format!("{} {}: {cost}", cost.word(), cost.policy())).collect();
    assert_eq!(
        told,
        [
            "always all: every request evaluates it: it names no principal, action, resource or first attribute",
            "crowd c00: it shares its key with 40 policies, itself included",
            "deep deep: it reads entities beyond principal, action and resource",
        ]
    );
}

/// What a request meets is what names no entity of it: policies of its types and actions, not those of one group, one
/// document or one value of an attribute.
#[test]
fn what_a_request_is_to_meet_is_counted_by_kind() {
    let text = r#"
permit(principal, action, resource);
permit(principal is User, action, resource);
permit(principal is User, action == Action::"read", resource is Doc);
permit(principal in Group::"g", action, resource);
permit(principal, action, resource == Doc::"d");
permit(principal is User, action == Action::"read", resource) when { principal.dept == "x" };
permit(principal is User, action == Action::"read", resource) when { principal.dept == "y" };
permit(principal is User, action == Action::"read", resource) when { principal.dept == "z" };
"#;
    let expected = |text| PolicySet::load(&sources(&[("a.cedar", text)])).unwrap().expected();
    let dearest = Some(["User", "read", "Doc"].map(str::to_owned));
    assert_eq!(expected(text), Expected { typical: 3, most: 3, dearest: dearest.clone() });
    assert_eq!(
        expected("permit(principal, action, resource == Doc::\"d\");"),
        Expected { typical: 0, most: 0, dearest: Some(["Group", "fly", "Doc"].map(str::to_owned)) }
    );
    let mut wider = sources(&[("a.cedar", text)]);
    wider.schema.push(source(
        "b.cedarschema",
        "entity Car;\naction drive, wash, sell appliesTo { principal: Group, resource: Car };",
    ));
    assert_eq!(PolicySet::load(&wider).unwrap().expected(), Expected { typical: 1, most: 3, dearest });
}

#[test]
fn annotations_that_mean_nothing_are_told() {
    let mut sources = sources(&[(
        "a.cedar",
        "@id(\"x\") @obligaton(\"custom\") @owner(\"me\") permit(principal, action, resource);\n\
         @id(\"t\") @stepup(\"mfa\") permit(principal == ?principal, action, resource);",
    )]);
    sources.schema.push(source(
        "b.cedarschema",
        "entity Car;\n@step_up(\"mfa\") @clas(\"read\")\naction drive appliesTo { principal: Group, resource: Car };",
    ));
    let user = |id: &str| Some(Name::new("User", id));
    sources.links = ["u", "v"]
        .map(|id| Link { id: id.to_owned(), template: "t".to_owned(), principal: user(id), resource: None })
        .into();
    let told: Vec<_> =
        PolicySet::load(&sources).unwrap().strays().into_iter().map(|stray| (stray.at, stray.name)).collect();
    let expected = [
        ("Action::\"drive\"", "clas"),
        ("Action::\"drive\"", "step_up"),
        ("t", "stepup"),
        ("x", "obligaton"),
    ];
    assert_eq!(told, expected.map(|(at, name)| (at.to_owned(), name.to_owned())));
}
