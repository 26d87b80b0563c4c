//! What has become possible: which change opened it, how bad that is, and how it reads.

use doorward_detect::narrative::narrative;
use doorward_detect::opened::{ChangeSeen, changes, closed, opened};
use doorward_model::finding::{Finding, Lineage};
use doorward_model::identity::Identity;
use doorward_model::inventory::change::{ChangedRow, Effect, InventoryChanged};
use doorward_model::inventory::row::{Row as _, RowKind, Withdrawn};
use doorward_model::inventory::{AccountExport, Entitlement, Origin, PolicyDocument, Seen, Source};
use doorward_model::record::{Fact, ImportCommitted};
use doorward_model::time::Time;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::escalation::Rules;
use doorward_privilege::estate::Builder;
use doorward_privilege::news::{RowRef, news};
use doorward_privilege::rating::TierZero;

const ACCOUNT: &str = "123456789012";
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
/// 2023-11-16T10:02:00Z.
const AT: i64 = 1_700_128_920_000;

fn arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{name}")
}

/// Identities with statements of their own and, of roles, whom they trust.
fn office(people: &[(&str, &str, &str)]) -> AccountExport {
    let mut export = AccountExport { account: ACCOUNT.to_owned(), ..AccountExport::default() };
    for (name, trusted, action) in people {
        let id = arn(name);
        let account = ACCOUNT.to_owned();
        let short = name.rsplit('/').next().unwrap_or_default().to_owned();
        export.identities.push(Identity { id: id.clone(), account, name: short, ..Identity::default() });
        let own = format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#);
        export.entitlements.push(held(&id, "inline:own", Origin::Inline));
        export.policies.push(document(&format!("{id} inline:own"), &own));
        if !trusted.is_empty() {
            let plain = format!(r#"{{"Effect":"Allow","Principal":{trusted},"Action":"sts:AssumeRole"}}"#);
            let trust = if trusted.contains("Effect") { (*trusted).to_owned() } else { plain };
            export.entitlements.push(held(&id, "trust", Origin::Trust));
            export.policies.push(document(&format!("{id} trust"), &trust));
        }
    }
    let all = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    export.policies.push(document(ADMINISTRATOR, all));
    export
}

fn document(name: &str, statement: &str) -> PolicyDocument {
    PolicyDocument::of(name.to_owned(), format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#))
}

fn held(holder: &str, policy: &str, origin: Origin) -> Entitlement {
    let [holder, policy] = [holder, policy].map(str::to_owned);
    Entitlement { holder, policy, origin: origin.into(), ..Entitlement::default() }
}

fn seen(source: Source) -> Option<Seen> {
    Some(Seen { source: source.into(), at_ms: AT, first_at_ms: 0 })
}

fn atlas(export: &AccountExport) -> Atlas {
    let mut builder = Builder::default();
    builder.add(export.clone());
    Atlas::new(builder.build(), Rules::shipped().unwrap(), Time::from_ms(AT), &TierZero::Default).unwrap()
}

/// The findings of what is new, by what these facts tell of.
fn findings(before: &AccountExport, after: &AccountExport, facts: &[Fact]) -> Vec<Finding> {
    let seen = changes(facts);
    let rows: Vec<Vec<RowRef>> = seen.iter().map(ChangeSeen::rows).collect();
    news(&atlas(before), &atlas(after), &rows).iter().map(|news| opened(news, &seen)).collect()
}

fn only<T>(all: Vec<T>) -> T {
    let [one] = <[T; 1]>::try_from(all).unwrap_or_else(|all| panic!("{} instead of one", all.len()));
    one
}

const PEOPLE: [(&str, &str, &str); 4] = [
    ("user/ann", "", "sts:AssumeRole"),
    ("user/bob", "", "sts:AssumeRole"),
    ("role/build-runner", r#"{"AWS":"123456789012"}"#, "s3:ListAllMyBuckets"),
    ("role/Deploy", r#"{"Service":"ec2.amazonaws.com"}"#, "s3:ListAllMyBuckets"),
];

/// Alice, through the role Deploy, attaches a policy.
fn attached(entitlement: &Entitlement) -> [Fact; 2] {
    let row = ChangedRow {
        kind: RowKind::Entitlement.into(),
        key: entitlement.key(),
        part: String::new(),
        effect: Effect::Found.into(),
    };
    let changed = InventoryChanged {
        event: "ev-1".to_owned(),
        happened_at_ms: AT,
        source: "cloudtrail".to_owned(),
        account: ACCOUNT.to_owned(),
        service: "iam".to_owned(),
        action: "AttachRolePolicy".to_owned(),
        identity: arn("role/Deploy"),
        chain: vec!["idc:123456789012/alice@corp.example".to_owned()],
        session: "ASIA1".to_owned(),
        address: "192.0.2.10".to_owned(),
        target: "build-runner".to_owned(),
        rows: vec![row],
        ..InventoryChanged::default()
    };
    let row = Entitlement { seen: seen(Source::Event), ..entitlement.clone() };
    [Fact::EntitlementObserved(row), Fact::InventoryChanged(changed)]
}

fn with_administrator() -> (AccountExport, [Fact; 2]) {
    let entitlement = held(&arn("role/build-runner"), ADMINISTRATOR, Origin::Attached);
    let facts = attached(&entitlement);
    let mut after = office(&PEOPLE);
    after.entitlements.push(entitlement);
    (after, facts)
}

#[test]
fn who_attached_a_policy_is_named_with_the_event_the_way_and_the_cut() {
    let (after, facts) = with_administrator();
    let found = only(findings(&office(&PEOPLE), &after, &facts));
    assert_eq!(
        narrative(&found),
        "build-runner, ann, bob are able to become administrator of 123456789012 since 2023-11-16T10:02:00Z. \
         alice@corp.example (through role Deploy) attached AdministratorAccess to build-runner (event ev-1, \
         iam:AttachRolePolicy, session ASIA1). Way: build-runner to administrator of 123456789012 by \
         \"Administer the account\" (administrator; arn:aws:iam::aws:policy/AdministratorAccess statement 1). Blast radius of build-runner: 0.0 % before, 100.0 \
         % now. Cut: build-runner -> administrator of 123456789012. Take the policy away, or allow in it what is \
         needed, not everything."
    );
    let opened = found.opened().unwrap();
    assert_eq!((opened.count, opened.sure, opened.attributed), (3, 3, true));
    let evidence: Vec<_> =
        found.evidence.iter().map(|one| (&*one.event, &*one.permission, &*one.target)).collect();
    assert_eq!(evidence, [("ev-1", "iam:AttachRolePolicy", "build-runner")]);
    let bare = Finding { lineage: None, evidence: Vec::new(), id: String::new(), ..found };
    let expected = Finding {
        detector: "privilege/1".to_owned(),
        kind: "escalation-opened".to_owned(),
        identity: arn("role/build-runner"),
        session: "ASIA1".to_owned(),
        severity: 3,
        confidence_milli: 900,
        first_at_ms: AT,
        last_at_ms: AT,
        chain: vec![arn("role/Deploy"), "idc:123456789012/alice@corp.example".to_owned()],
        events: 1,
        controls: ["attack:T1098", "attack:T1098.003", "owasp-nhi:NHI5"].map(str::to_owned).to_vec(),
        ..Finding::default()
    };
    assert_eq!(bare, expected);
}

#[test]
fn the_same_news_by_the_same_event_is_one_finding_and_by_another_it_is_another() {
    let (after, facts) = with_administrator();
    let id = |facts: &[Fact]| only(findings(&office(&PEOPLE), &after, facts)).id;
    let [row, Fact::InventoryChanged(changed)] = facts.clone() else { panic!("{facts:?}") };
    let again = InventoryChanged { event: "ev-2".to_owned(), ..changed.clone() };
    let later = InventoryChanged { happened_at_ms: AT + 1, ..changed };
    let [again, later] = [again, later].map(|changed| id(&[row.clone(), Fact::InventoryChanged(changed)]));
    assert_eq!((id(&facts) == again, id(&facts) == later), (false, true));
}

#[test]
fn an_export_tells_what_it_shows_and_not_who() {
    let (after, [entitlement, _]) = with_administrator();
    let Fact::EntitlementObserved(row) = entitlement else { panic!() };
    let facts = [
        Fact::EntitlementObserved(Entitlement { seen: seen(Source::Iam), ..row }),
        Fact::ImportCommitted(ImportCommitted {
            account: ACCOUNT.to_owned(),
            newest_at_ms: AT,
            ..ImportCommitted::default()
        }),
    ];
    let found = only(findings(&office(&PEOPLE), &after, &facts));
    let told = narrative(&found);
    let (_, after_gain) = told.split_once("10:02:00Z. ").unwrap();
    let (change, _) = after_gain.split_once(" Way: ").unwrap();
    assert_eq!(
        change,
        "Somebody attached AdministratorAccess to build-runner: the export of account 123456789012 as of \
         2023-11-16T10:02:00Z tells of it, and no event in the log names who."
    );
    assert_eq!((found.chain.len(), found.evidence.len(), found.events), (0, 0, 0));
}

#[test]
fn who_lets_in_everybody_from_outside_is_critical_where_that_leads_to_the_top() {
    let of = |trusted: &str, action: &str| {
        office(&[("user/ann", "", "s3:ListAllMyBuckets"), ("role/boss", trusted, action)])
    };
    let cases = [
        (r#"{"AWS":"*"}"#, "*", "critical outside-trust-opened 900"),
        (r#"{"AWS":"999988887777"}"#, "*", "high outside-trust-opened 900"),
        (r#"{"AWS":"999988887777"}"#, "s3:ListAllMyBuckets", "medium outside-trust-opened 800"),
        (r#"{"AWS":"*"}"#, "s3:ListAllMyBuckets", "high outside-trust-opened 800"),
    ];
    for (trusted, action, expected) in cases {
        let name = format!("{} trust", arn("role/boss"));
        let gone = Withdrawn { kind: RowKind::Policy.into(), key: vec![name], seen: seen(Source::Iam) };
        let nobody = of(r#"{"Service":"ec2.amazonaws.com"}"#, action);
        let found = findings(&nobody, &of(trusted, action), &[Fact::Withdrawn(gone)]);
        let outside = only(found.into_iter().filter(|one| one.kind.starts_with("outside")).collect());
        let told = format!("{} {} {}", outside.severity().word(), outside.kind, outside.confidence_milli);
        assert_eq!((told.as_str(), outside.identity), (expected, arn("role/boss")));
    }
}

#[test]
fn whomever_an_issuer_vouches_for_is_called_by_what_the_tokens_say() {
    let on = |condition: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"Federated":"{}"}},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{"StringLike":{{{condition}}}}}}}"#,
            arn("oidc-provider/token.actions.githubusercontent.com")
        )
    };
    let cases = [
        (
            on(r#""token.actions.githubusercontent.com:sub":"repo:o/r:*""#),
            "high any workflow of repository r of organisation o on GitHub is let into boss tenant",
        ),
        (on(""), "critical anyone on GitHub is let into boss anyone"),
    ];
    for (trusted, expected) in cases {
        let of = |trusted: &str| office(&[("role/boss", trusted, "*")]);
        let name = format!("{} trust", arn("role/boss"));
        let gone = Withdrawn { kind: RowKind::Policy.into(), key: vec![name], seen: seen(Source::Iam) };
        let nobody = of(r#"{"Service":"ec2.amazonaws.com"}"#);
        let found = findings(&nobody, &of(&trusted), &[Fact::Withdrawn(gone)]);
        let outside = only(found.into_iter().filter(|one| one.kind.starts_with("outside")).collect());
        let text = narrative(&outside);
        let (gain, rest) = text.split_once(" since ").unwrap();
        let breadth = &outside.opened().unwrap().examples[0].breadth;
        assert_eq!(format!("{} {gain} {breadth}", outside.severity().word()), expected);
        assert!(rest.contains(" trust statement 1)"), "{text}");
    }
}

#[test]
fn facts_are_told_apart_by_the_event_or_export_that_they_belong_to() {
    let (_, [row, changed]) = with_administrator();
    let Fact::EntitlementObserved(row) = row else { panic!() };
    let other = Entitlement { holder: arn("user/ann"), seen: seen(Source::Iam), ..row.clone() };
    let acts = Identity { id: "i-1".to_owned(), ..Identity::default() };
    let committed = |account: &str, newest_at_ms: i64| {
        let account = account.to_owned();
        Fact::ImportCommitted(ImportCommitted { account, newest_at_ms, ..ImportCommitted::default() })
    };
    let facts = [
        Fact::EntitlementObserved(other.clone()),
        Fact::IdentityFound(acts),
        Fact::EntitlementObserved(row.clone()),
        changed,
        committed("1", 7),
        committed("2", 8),
        Fact::EntitlementObserved(Entitlement { holder: arn("user/bob"), ..other }),
    ];
    let told: Vec<_> = changes(&facts)
        .into_iter()
        .map(|one| {
            (one.by.event, one.by.account, one.by.at_ms, one.by.rows.into_iter().map(|row| row.key).collect())
        })
        .collect();
    let keys =
        |row: &Entitlement, holder: &str| vec![Entitlement { holder: arn(holder), ..row.clone() }.key()];
    let expected: [(String, String, i64, Vec<Vec<String>>); 3] = [
        ("ev-1".to_owned(), ACCOUNT.to_owned(), AT, keys(&row, "role/build-runner")),
        (String::new(), "1".to_owned(), 7, keys(&row, "user/ann")),
        (String::new(), String::new(), AT, keys(&row, "user/bob")),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_finding_is_closed_when_none_whom_it_names_has_a_way() {
    let (after, facts) = with_administrator();
    let found = only(findings(&office(&PEOPLE), &after, &facts));
    let ids = |now: &AccountExport| closed(&atlas(now), &[&found]);
    assert_eq!((ids(&after), ids(&office(&PEOPLE))), (vec![], vec![found.id.clone()]));
    let mut fewer = after;
    fewer.identities.retain(|one| one.name != "ann" && one.name != "bob");
    assert_eq!(ids(&fewer), Vec::<String>::new());
    // From outside, it is the door that counts.
    let of = |trusted: &str| office(&[("user/ann", "", "s3:ListAllMyBuckets"), ("role/boss", trusted, "*")]);
    let [nobody, vendor] = [r#"{"Service":"ec2.amazonaws.com"}"#, r#"{"AWS":"999988887777"}"#].map(of);
    let found = only(findings(&nobody, &vendor, &facts));
    let ids = |now: &AccountExport| closed(&atlas(now), &[&found]);
    assert_eq!((ids(&vendor), ids(&nobody)), (vec![], vec![found.id.clone()]));
}

#[test]
fn a_way_that_is_closed_says_since_when() {
    let (after, facts) = with_administrator();
    let mut found = only(findings(&office(&PEOPLE), &after, &facts));
    if let Some(Lineage::Opened(opened)) = &mut found.lineage {
        opened.closed_at_ms = AT + 60_000;
    }
    assert!(
        narrative(&found).ends_with(" It is closed since 2023-11-16T10:03:00Z."),
        "{}",
        narrative(&found)
    );
}
