//! Whom trust policies let in from outside: tables of policies with who comes in, and what is known of issuers.

use std::collections::BTreeMap;
use std::path::Path;

use doorward_model::inventory::organisation::NodeKind;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::RowKind;
use doorward_model::inventory::{Origin, Seen, Source};
use doorward_privilege::analysis::{Entrance, entrances};
use doorward_privilege::answers::HopAnswer;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::document::Document;
use doorward_privilege::evaluate::{Policies, Policy, Verdict, evaluate};
use doorward_privilege::federation::{Form, IssuerError, Issuers};
use doorward_privilege::graph::Filter;
use doorward_privilege::news::{Gained, News, NewsKind, Possible, RowRef, news};
use doorward_privilege::pattern::Pattern;
use doorward_privilege::request::{Caller, Context, Permission, Request, Resource as About};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{self, ACCOUNT, Rows, node};

/// A trust policy, and who comes in by it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: String,
    page: String,
    /// The issuer of the only statement, and its conditions: a key that begins with a colon is one of the issuer.
    #[serde(default)]
    provider: String,
    #[serde(default)]
    when: BTreeMap<String, BTreeMap<String, Value>>,
    /// Or all statements.
    #[serde(default)]
    statements: Option<Value>,
    /// Statements of a resource control policy.
    #[serde(default)]
    control: Option<Value>,
    #[serde(default)]
    resources: Vec<Thing>,
    comes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    kind: String,
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    from_event: bool,
}

impl Case {
    fn trust(&self) -> String {
        if let Some(statements) = &self.statements {
            return statements.to_string();
        }
        let whole =
            |key: &String| if key.starts_with(':') { format!("{}{key}", self.provider) } else { key.clone() };
        let with_keys = |keys: &BTreeMap<String, Value>| {
            keys.iter().map(|(key, value)| (whole(key), value.clone())).collect()
        };
        let when: BTreeMap<&String, BTreeMap<String, Value>> =
            self.when.iter().map(|(operator, keys)| (operator, with_keys(keys))).collect();
        let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{}", self.provider);
        json!([{
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": when,
        }])
        .to_string()
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new().trusting("r", &self.trust(), "[]");
        for Thing { kind, id, name, attributes, from_event } in &self.resources {
            rows.0.resources.push(Resource {
                id: id.clone(),
                kind: kind.clone(),
                name: name.clone(),
                account: ACCOUNT.to_owned(),
                attributes: attributes.clone(),
                seen: from_event.then(|| Seen::by(Source::Event)),
                ..Resource::default()
            });
        }
        if let Some(control) = &self.control {
            rows.0.nodes = vec![node("r-1", NodeKind::Root, ""), node(ACCOUNT, NodeKind::Account, "r-1")];
            rows = rows.held("r-1", "p-1", Origin::ResourceControl).document("p-1", &control.to_string());
        }
        rows
    }
}

fn told(one: Entrance) -> String {
    let Entrance { into, who, words, breadth, only_if, statements, void, .. } = one;
    assert_eq!(into, format!("arn:aws:iam::{ACCOUNT}:role/r"));
    assert!(
        statements.iter().all(|one| one.starts_with(&format!("{into} trust statement "))),
        "{statements:?}"
    );
    assert!(!statements.is_empty(), "{who}");
    let breadth = format!("{breadth:?}").to_lowercase();
    let only_if = only_if.map(|what| format!(" only if {what}")).unwrap_or_default();
    let void: String = void.iter().map(|what| format!(", passing {what}")).collect();
    format!("{who} ({breadth}) {words}{only_if}{void}")
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/federation");
    ["github.yaml", "others.yaml"]
        .iter()
        .flat_map(|name| {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            yaml_serde::from_str::<Vec<Case>>(&text).unwrap()
        })
        .collect()
}

#[test]
fn who_comes_in_is_as_the_tables_say() {
    let mut failed = Vec::new();
    for case in cases() {
        assert!(!case.page.is_empty(), "{}", case.rule);
        let got: Vec<String> = entrances(&case.rows().estate()).into_iter().map(told).collect();
        if got != case.comes {
            failed.push(format!("{}\n  got {got:#?}\n  and not {:#?}", case.rule, case.comes));
        }
    }
    assert_eq!(failed.join("\n"), "");
}

#[test]
fn each_issuer_that_is_known_says_how_it_writes_whom_a_token_is_for() {
    let issuers = Issuers::shipped().unwrap();
    assert_eq!(&issuers, Issuers::known());
    let address = |one: &str| issuers.all().iter().any(|row| row.issuer.text() == one);
    // IAM User Guide, "Identity-provider controls for shared OIDC providers", and the issuers that it builds in.
    let named = [
        "token.actions.githubusercontent.com",
        "gitlab.com",
        "app.terraform.io",
        "agent.buildkite.com",
        "oidc.codefresh.io",
        "studio.datachain.ai/api",
        "oidc-configuration.audit-log.githubusercontent.com",
        "api.pulumi.com/oidc",
        "scalr.io",
        "tokens.cloud.shisho.dev",
        "proidc.upbound.io",
        "oidc.vercel.com",
        "cognito-identity.amazonaws.com",
        "accounts.google.com",
        "www.amazon.com",
        "graph.facebook.com",
    ];
    let missing: Vec<&str> = named.into_iter().filter(|one| !address(one)).collect();
    assert_eq!(missing, Vec::<&str>::new());
    let private: Vec<&str> =
        issuers.all().iter().filter(|row| !row.shared).map(|row| row.issuer.text()).collect();
    assert_eq!(
        private,
        [
            "api.bitbucket.org/2.0/workspaces/{workspace}/pipelines-config/identity/oidc",
            "oidc.circleci.com/org/{organisation}",
            "oidc.vercel.com/{team}",
            "oidc.eks.{region}.{amazonaws}/id/{cluster}",
            "rolesanywhere.amazonaws.com",
            "saml-provider/{account}/{provider}",
            "{issuer}",
        ]
    );
}

#[test]
fn a_table_of_issuers_that_contradicts_itself_says_where() {
    let row = |more: &str, claims: &str| {
        format!(
            "- issuer: a.example\n  name: a\n  title: on A\n  shared: true\n{more}  claims: {claims}\n  source: x\n"
        )
    };
    let failed = |text: &str| {
        let IssuerError { file, what } = Issuers::read("rows.yaml", text).unwrap_err();
        assert_eq!(file, "rows.yaml");
        what
    };
    let sub = "[{key: sub, forms: [\"{o}/{r}\"]}]";
    assert_eq!(Issuers::read("rows.yaml", &row("  tenant: [o]\n", sub)).unwrap().all().len(), 1);
    let told: Vec<String> = [
        row("  tenant: [p]\n", sub),
        row("", "[]"),
        row("", "[{key: sub}, {key: sub}]"),
        row("", "[{key: aud, chosen: true, one: true}]"),
        row("", sub).replace("shared: true", "shared: false\n  tenant: [o]"),
        row("", sub).replace("title: on A", "title: ''"),
        format!("{0}{0}", row("", sub)),
        row("", "[{key: sub, forms: [\"{o}{r}\"]}]"),
        row("", "[{key: sub, forms: [\"{o\"]}]"),
        row("", "[{key: sub, forms: [\"o}\"]}]"),
        row("", "[{key: sub, forms: [\"a{}\"]}]"),
        row("", "[{key: sub, forms: [\"\"]}]"),
        row("  strange: 1\n", sub),
    ]
    .iter()
    .map(|text| failed(text).split(" at line").next().unwrap().to_owned())
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_form_fits_what_is_written_so() {
    let form = |text: &str| Form::try_from(text.to_owned()).unwrap();
    assert_eq!(
        form("repo:{organisation}/{repository}").parts().collect::<Vec<_>>(),
        ["organisation", "repository"]
    );
    assert_eq!(form("repo:{o}/{r}").text(), "repo:{o}/{r}");
}

const ALL: &str = r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#;

/// A role that administers the account, and trusts GitHub under conditions.
fn deploys(conditions: &str) -> Rows {
    let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com");
    let trust = format!(
        r#"[{{"Sid":"CI","Effect":"Allow","Principal":{{"Federated":"{provider}"}},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{conditions}}}]"#
    );
    Rows::new().trusting("r", &trust, ALL).resource("iam:oidc-provider", &provider)
}

fn on(subject: &str) -> String {
    format!(r#"{{"StringLike":{{"token.actions.githubusercontent.com:sub":"{subject}"}}}}"#)
}

/// The best way from somebody to the administration of the account, with the statements.
fn way(atlas: &Atlas, from: &str) -> Vec<String> {
    let [from, to] = [from, "admin"].map(|name| atlas.find(name).unwrap());
    let ways = atlas.ways(from, to, &Filter::default(), 1);
    let hop = |hop: &HopAnswer| {
        let only_if: String = hop.only_if.iter().map(|what| format!(" only if {what}")).collect();
        let by = hop.statement.join(" and ");
        format!("{} -{}-> {} by {by}{only_if}", hop.edge.from, hop.edge.method, hop.edge.to)
    };
    ways.iter().flat_map(|way| &way.hops).map(hop).map(|text| text.replace(&arn(""), "")).collect()
}

fn arn(rest: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{rest}")
}

#[test]
fn ways_from_outside_show_the_statement_that_lets_in() {
    let atlas = |conditions: &str| support::atlas(deploys(conditions).estate());
    let last = "role/r -administrator-> administrator of 111122223333 by role/r inline:own statement 1";
    let branch = "repo:o/r:ref:refs/heads/main";
    assert_eq!(
        way(&atlas(&on(branch)), "github:o/r:ref:refs/heads/main"),
        ["github:o/r:ref:refs/heads/main -sts-001-> role/r by role/r trust statement 1 (CI)", last]
    );
    // Whoever controls the provider says what it likes.
    let provider = arn("oidc-provider/token.actions.githubusercontent.com");
    assert_eq!(
        way(&atlas(&on(branch)), &provider),
        [
            "oidc-provider/token.actions.githubusercontent.com -sts-001-> role/r by role/r trust statement 1 (CI)",
            last
        ]
    );
    let address = on(branch).replace("}}", r#"},"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#);
    assert_eq!(
        way(&atlas(&address), "github:o/r:ref:refs/heads/main"),
        [
            "github:o/r:ref:refs/heads/main -sts-001-> role/r by role/r trust statement 1 (CI) \
             only if IpAddress aws:SourceIp 192.0.2.0/24",
            last
        ]
    );
    let account = Rows::new().role("r", r#"{"AWS":"999988887777"}"#, ALL);
    assert_eq!(
        way(&support::atlas(account.estate()), "999988887777"),
        ["999988887777 -sts-001-> role/r by role/r trust statement 1", last]
    );
}

#[test]
fn whoever_is_one_of_many_comes_in_where_they_do() {
    let provider = arn("oidc-provider/token.actions.githubusercontent.com");
    let other = format!(
        r#"[{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{}}}]"#,
        on("repo:o/r:ref:refs/heads/main")
    );
    let atlas = support::atlas(deploys(&on("repo:o/*")).trusting("s", &other, "[]").estate());
    assert_eq!(
        way(&atlas, "github:o/r:ref:refs/heads/main"),
        [
            "github:o/r:ref:refs/heads/main -member-> github:o/* by ",
            "github:o/* -sts-001-> role/r by role/r trust statement 1 (CI)",
            "role/r -administrator-> administrator of 111122223333 by role/r inline:own statement 1",
        ]
    );
    // It does not lead back.
    let edges = atlas.connected().filter(|one| one.from == "github:o/*");
    let edges: Vec<String> = edges.map(|one| one.to).collect();
    assert_eq!(edges, [arn("role/r")]);
}

#[test]
fn a_wider_trust_is_news_by_what_the_tokens_say_and_a_narrower_one_is_none() {
    let changes = [vec![RowRef { kind: RowKind::Policy, key: vec![format!("{} trust", arn("role/r"))] }]];
    let said = |before: &str, after: &str| {
        let [before, after] = [before, after].map(|one| support::atlas(deploys(one).estate()));
        let gained = |one: &Gained| format!("{} {} {:?}", one.identity, one.words, one.breadth);
        let found: Vec<News> = news(&before, &after, &changes)
            .into_iter()
            .filter(|one| one.kind == NewsKind::OutsideTrust)
            .collect();
        let possible = Possible::of(&after);
        for one in found.iter().flat_map(|one| &one.examples) {
            assert!(possible.has(NewsKind::OutsideTrust, &one.identity, &[arn("role/r")]));
        }
        found.iter().flat_map(|one| &one.examples).map(gained).collect::<Vec<_>>()
    };
    let workflows = "github:o/r:* any workflow of repository r of organisation o on GitHub Some(Tenant)";
    assert_eq!(said(&on("x"), &on("repo:o/r:*")), [workflows]);
    assert_eq!(said(&on("repo:o/r:*"), "{}"), ["github:* anyone on GitHub Some(Anyone)"]);
    assert_eq!(said("{}", &on("repo:o/r:*")), Vec::<String>::new());
    assert_eq!(said(&on("repo:o/*"), &on("repo:o/r:*")), Vec::<String>::new());
    let void = r#"{"ForAllValues:StringEquals":{"token.actions.githubusercontent.com:repo":"o/r"}}"#;
    assert_eq!(
        said(&on("x"), void),
        [
            "github:* anyone on GitHub (ForAllValues:StringEquals token.actions.githubusercontent.com:repo o/r keeps \
          nobody out) Some(Anyone)"
        ]
    );
    // What was news once is so while they are among those who come in.
    let wide = support::atlas(deploys("{}").estate());
    let open = Possible::of(&wide);
    let has = |who: &str| open.has(NewsKind::OutsideTrust, who, &[arn("role/r")]);
    assert_eq!(["github:o/r:*", "github:*", "gitlab:o/*", "*"].map(has), [true, true, false, false]);
}

/// What conditions may ask of a token, and tokens.
const SUBJECTS: [&str; 7] = [
    "repo:o/r:ref:refs/heads/main",
    "repo:o/r:environment:prod",
    "repo:o/s:ref:refs/heads/main",
    "repo:oo/r:ref:refs/heads/main",
    "repo:p/r:pull_request",
    "environment:prod",
    "x",
];
const PATTERNS: [&str; 14] = [
    "*",
    "repo:*",
    "repo:o/*",
    "repo:o*",
    "repo:o/r:*",
    "repo:?/r:*",
    "repo:*/r:*",
    "*:ref:refs/heads/main",
    "repo:o/r:ref:refs/heads/main",
    "repo:o/r:environment:prod",
    "repo:p/r:pull_request",
    "environment:*",
    "x",
    "repo:o/?:*main",
];
const OPERATORS: [&str; 10] = [
    "StringLike",
    "StringEquals",
    "StringNotLike",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringLikeIfExists",
    "StringNotLikeIfExists",
    "ForAllValues:StringLike",
    "ForAnyValue:StringLike",
    "ForAllValues:StringNotEquals",
];
const ISSUER: &str = "token.actions.githubusercontent.com";

fn asked() -> impl Strategy<Value = Value> {
    use proptest::sample::{select, subsequence};
    let keys = select(vec![
        ("sub", true),
        ("sub", true),
        ("aud", false),
        ("environment", false),
        ("strange", false),
    ]);
    let values = subsequence(PATTERNS.to_vec(), 1..3);
    let plain = subsequence(vec!["a", "b", "prod", "p*"], 1..3);
    (select(OPERATORS.to_vec()), keys, values, plain).prop_map(
        |(operator, (key, is_subject), values, plain)| {
            let values = if is_subject { values } else { plain };
            json!({operator: {format!("{ISSUER}:{key}"): values}})
        },
    )
}

fn trust() -> impl Strategy<Value = Value> {
    let statement =
        (prop::bool::weighted(0.75), prop::collection::vec(asked(), 0..3)).prop_map(|(allows, asked)| {
            let mut condition = serde_json::Map::new();
            for one in asked {
                for (operator, keys) in one.as_object().unwrap() {
                    let own = condition.entry(operator.clone()).or_insert_with(|| json!({}));
                    own.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
                }
            }
            json!({
                "Effect": if allows { "Allow" } else { "Deny" },
                "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}")},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": condition,
            })
        });
    prop::collection::vec(statement, 1..4).prop_map(Value::from)
}

/// A token: its subject, audience, environment, and something that AWS makes no key of as far as is known.
type Token = (&'static str, &'static str, Option<&'static str>, Option<&'static str>);

/// Whether a policy lets a token in, by the evaluation.
fn is_let_in(document: &Document, (sub, aud, environment, strange): Token) -> bool {
    let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}");
    let mut context = Context::known();
    for (key, value) in
        [("sub", Some(sub)), ("aud", Some(aud)), ("environment", environment), ("strange", strange)]
    {
        if let Some(value) = value {
            context = context.and(&format!("{ISSUER}:{key}"), value);
        }
    }
    let permission = Permission::new("sts:AssumeRoleWithWebIdentity");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/r");
    let request = Request {
        caller: Caller::of(&provider).unwrap(),
        permission: &permission,
        resource: About::new(&role),
        context: &context,
    };
    let own = [Policy { name: "trust", document: Some(document) }];
    evaluate(&request, &Policies { resource: &own, ..Policies::default() }).verdict == Verdict::Allowed
}

/// Whether somebody who comes in may have a token, by the name.
fn is_of(who: &str, (sub, _, environment, _): Token) -> bool {
    let name = who.strip_prefix("github:").unwrap();
    name.split(',').enumerate().all(|(at, part)| match part.strip_prefix("environment=") {
        Some(pattern) => environment.is_some_and(|own| Pattern::new(pattern).matches(own)),
        None if at == 0 && part == "*" => true,
        None => {
            let own = sub.strip_prefix("repo:").unwrap_or(sub);
            Pattern::new(part).matches(own) || Pattern::new(part).matches(sub)
        }
    })
}

proptest! {
    #[test]
    fn a_token_is_let_in_by_the_evaluation_just_where_somebody_comes_in_who_may_have_it(trust in trust()) {
        let text = trust.to_string();
        let comers = entrances(&Rows::new().trusting("r", &text, "[]").estate());
        let document = Document::read(&format!(r#"{{"Version":"2012-10-17","Statement":{text}}}"#)).unwrap();
        for sub in SUBJECTS {
            let mut admitted = Vec::new();
            for environment in ENVIRONMENTS {
                let all = ["a", "b", "prod", "pp", "other"].into_iter().flat_map(|aud| {
                    [None, Some("a"), Some("prod"), Some("other")].map(|strange| (sub, aud, environment, strange))
                });
                let own: Vec<Token> = all.filter(|token| is_let_in(&document, *token)).collect();
                let told = comers.iter().any(|one| is_of(&one.who, (sub, "", environment, None)));
                prop_assert!(own.is_empty() || told, "{own:?} comes in, and nobody is told: {comers:?}");
                admitted.extend((!own.is_empty()).then_some(environment));
            }
            // Who has no need to say something may leave it out, or say what is liked. Whoever is like `repo:*` is called
            // anyone, with the few whose subjects begin otherwise.
            let sure = comers.iter().filter(|one| one.only_if.is_none() && sub.starts_with("repo:"));
            for one in sure {
                let could = ENVIRONMENTS.into_iter().filter(|own| is_of(&one.who, (sub, "", *own, None)));
                let could: Vec<Option<&str>> = could.collect();
                let is_in = could.iter().any(|own| admitted.contains(own));
                prop_assert!(could.is_empty() || is_in, "{sub} stays outside, and not {one:?}");
            }
        }
    }
}

const ENVIRONMENTS: [Option<&str>; 4] = [None, Some("prod"), Some("a"), Some("other")];
