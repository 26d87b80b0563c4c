//! What one inventory makes possible that the one before did not: whole answers over small accounts.

use std::fmt::Write as _;

use doorward_model::inventory::organisation::NodeKind;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::{Row as _, RowKind, Withdrawn};
use doorward_model::inventory::{AccountExport, Origin, Scope};
use doorward_privilege::answers::{self, Escalation, PrincipalAnswer};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::change::Change;
use doorward_privilege::measure::measure;
use doorward_privilege::news::{News, RowRef, news};
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::support::{self, ACCOUNT, Rows, node};

fn atlas(rows: &Rows) -> Atlas {
    support::atlas(rows.clone().estate())
}

const ALL: &str = r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#;
const NOTHING: &str = r#"[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]"#;
const ASSUMES: &str = r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]"#;
const WRITES: &str =
    r#"[{"Effect":"Allow","Action":"iam:PutUserPolicy","Resource":"arn:aws:iam::*:user/${aws:username}"}]"#;
const OWN_ACCOUNT: &str = r#"{"AWS":"111122223333"}"#;
const NOBODY: &str = r#"{"Service":"config.amazonaws.com"}"#;
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

fn user(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

fn row(kind: RowKind, key: &[&str]) -> RowRef {
    RowRef { kind, key: key.iter().map(|&part| part.to_owned()).collect() }
}

fn held(holder: &str, policy: &str, origin: Origin) -> RowRef {
    row(RowKind::Entitlement, &[holder, policy, &i32::from(origin).to_string()])
}

/// News in full, without what all names have in common.
fn told(news: &[News]) -> String {
    let mut text = String::new();
    for one in news {
        let names = |names: &mut dyn Iterator<Item = String>| names.collect::<Vec<_>>().join(", ");
        writeln!(text, "{:?} of {} ({} sure) to {}", one.kind, one.count, one.sure, one.to.join(", "))
            .unwrap();
        for example in &one.examples {
            let rises = example.before_millipercent < example.after_millipercent;
            writeln!(text, "  who {}{}", example.identity, if rises { ", with more" } else { "" }).unwrap();
        }
        for hop in &one.path.hops {
            let only_if = names(&mut hop.only_if.iter().map(|what| format!(" only if {what}")));
            let by = hop.statement.join(" and ");
            writeln!(text, "  hop {} -{}-> {} by {by}{only_if}", hop.edge.from, hop.edge.method, hop.edge.to)
                .unwrap();
        }
        writeln!(text, "  cut {} ({}) for {}", one.cut.cut, one.cut.method, one.cut.cut_off).unwrap();
        let rows = names(&mut one.rows.iter().map(|row| format!("{:?} {}", row.kind, row.key.join(" "))));
        let sure = if one.is_attributed { "" } else { " perhaps" };
        writeln!(text, "  opened by {:?}{sure}: {rows}", one.changes).unwrap();
    }
    text.replace(&format!("arn:aws:iam::{ACCOUNT}:"), "")
}

fn check(before: &Rows, after: &Rows, changes: &[Vec<RowRef>], expected: &str) {
    let [before, after] = [before, after].map(atlas);
    assert_eq!(told(&news(&before, &after, changes)), expected);
    assert_eq!(told(&news(&after, &after, changes)), "", "nothing is new to itself");
}

/// Three users who may assume what lets them, a role that trusts the account, and a managed policy that allows all.
fn office() -> Rows {
    let rows = Rows::new().user("ann", ASSUMES).user("bob", ASSUMES).user("cid", NOTHING);
    rows.role("build", OWN_ACCOUNT, NOTHING).document(ADMINISTRATOR, ALL)
}

#[test]
fn a_policy_attached_to_a_role_is_one_piece_of_news_for_all_who_may_assume_it() {
    let after = office().held(&role("build"), ADMINISTRATOR, Origin::Attached);
    let changes = [
        vec![row(RowKind::Identity, &[&user("cid")])],
        vec![held(&role("build"), ADMINISTRATOR, Origin::Attached)],
    ];
    check(
        &office(),
        &after,
        &changes,
        "Escalation of 3 (3 sure) to administrator of 111122223333\n  \
           who role/build, with more\n  \
           who user/ann, with more\n  \
           who user/bob, with more\n  \
           hop role/build -administrator-> administrator of 111122223333 by \
           arn:aws:iam::aws:policy/AdministratorAccess statement 1\n  \
           cut role/build -> administrator of 111122223333 (administrator) for 3\n  \
           opened by [1]: Entitlement role/build arn:aws:iam::aws:policy/AdministratorAccess 2\n",
    );
}

/// Two users have gained a way by a policy, which is where it is cut.
fn check_for_two([before, after]: [&Rows; 2], policy: &str, method: &str, hops: &str) {
    check(
        before,
        after,
        &[vec![row(RowKind::Policy, &[&format!("arn:aws:iam::{ACCOUNT}:{policy}")])]],
        &format!(
            "Escalation of 2 (2 sure) to administrator of 111122223333\n  \
               who user/ann, with more\n  \
               who user/bob, with more\n{hops}  \
               cut {policy} ({method}) for 2\n  \
               opened by [0]: Policy {policy}\n"
        ),
    );
}

#[test]
fn a_trust_policy_that_lets_in_the_account_is_one_piece_of_news_with_the_trust_as_the_cut() {
    let of = |trusted: &str| Rows::new().user("ann", ASSUMES).user("bob", ASSUMES).role("boss", trusted, ALL);
    check_for_two(
        [&of(NOBODY), &of(OWN_ACCOUNT)],
        "role/boss trust",
        "sts-001",
        "  hop user/ann -sts-001-> role/boss by user/ann inline:own statement 1 and role/boss trust statement 1\n  \
           hop role/boss -administrator-> administrator of 111122223333 by role/boss inline:own statement 1\n",
    );
}

#[test]
fn a_policy_of_a_group_is_the_cut_for_its_members() {
    let of = |statements: &str| {
        let rows = Rows::new().group("writers", statements);
        ["ann", "bob"].into_iter().fold(rows, |rows, name| rows.identity(&user(name), name, &["writers"]))
    };
    check_for_two(
        [&of(NOTHING), &of(WRITES)],
        "group/writers inline:own",
        "iam-007",
        "  hop user/ann -iam-007-> administrator of 111122223333 by group/writers inline:own statement 1\n",
    );
}

#[test]
fn of_a_way_with_several_new_steps_the_last_is_the_cut_and_all_behind_it_are_one_piece_of_news() {
    let of =
        |trusted: &str, statements: &str| Rows::new().user("ann", ASSUMES).role("boss", trusted, statements);
    let rows = ["trust", "inline:own"].map(|own| row(RowKind::Policy, &[&format!("{} {own}", role("boss"))]));
    check(
        &of(NOBODY, NOTHING),
        &of(OWN_ACCOUNT, ALL),
        &[rows.to_vec()],
        "Escalation of 2 (2 sure) to administrator of 111122223333\n  \
           who role/boss, with more\n  \
           who user/ann, with more\n  \
           hop role/boss -administrator-> administrator of 111122223333 by role/boss inline:own statement 1\n  \
           cut role/boss -> administrator of 111122223333 (administrator) for 2\n  \
           opened by [0]: Policy role/boss inline:own\n",
    );
}

#[test]
fn a_denial_a_boundary_or_a_control_policy_that_goes_is_named() {
    let deny = format!("arn:aws:iam::{ACCOUNT}:policy/deny");
    let denies = r#"[{"Effect":"Deny","Action":"*","Resource":"*"}]"#;
    let limit = format!("arn:aws:iam::{ACCOUNT}:policy/limit");
    let rows = || Rows::new().user("ann", WRITES).document(&deny, denies).document(&limit, NOTHING);
    let expected = |opened: &str| {
        format!(
            "Escalation of 1 (1 sure) to administrator of 111122223333\n  \
               who user/ann\n  \
               hop user/ann -iam-007-> administrator of 111122223333 by {}user/ann inline:own statement 1\n  \
               cut user/ann -> administrator of 111122223333 (iam-007) for 1\n  \
               opened by [0]: {opened}\n",
            if opened.contains("ou-1") { "p-full statement 1 and " } else { "" },
        )
    };
    // Of these the second speaks of who has gained the way, and has not opened it.
    let noise = [row(RowKind::Resource, &["arn:aws:s3:::b"]), row(RowKind::Identity, &[&user("ann")])];
    let changes = |gone: RowRef| [std::iter::once(gone).chain(noise.clone()).collect()];
    for (policy, origin) in [(&deny, Origin::Attached), (&limit, Origin::Boundary)] {
        let gone = held(&user("ann"), policy, origin);
        let opened =
            format!("Entitlement {}", gone.key.join(" ").replace(&format!("arn:aws:iam::{ACCOUNT}:"), ""));
        let before = rows().held(&user("ann"), policy, origin);
        check(&before, &rows(), &changes(gone), &expected(&opened));
    }
    let after = organised(rows(), Origin::ServiceControl);
    let before = after.clone().document("p-deny", denies).held("ou-1", "p-deny", Origin::ServiceControl);
    let gone = held("ou-1", "p-deny", Origin::ServiceControl);
    check(&before, &after, &changes(gone), &expected("Entitlement ou-1 p-deny 6"));
}

/// An account in a unit of an organisation, with control policies of a kind that allow all.
fn organised(rows: Rows, origin: Origin) -> Rows {
    let rows = rows.document("p-full", ALL);
    let mut rows =
        ["r-1", "ou-1", ACCOUNT].iter().fold(rows, |rows, holder| rows.held(holder, "p-full", origin));
    rows.0.nodes = vec![node("r-1", NodeKind::Root, ""), node(ACCOUNT, NodeKind::Account, "ou-1")];
    rows.0.nodes.push(node("ou-1", NodeKind::Unit, "r-1"));
    rows
}

#[test]
fn a_resource_control_policy_that_goes_is_named_where_it_kept_somebody_outside() {
    let bucket = "arn:aws:s3:::b";
    let public =
        r#"[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]"#;
    let denies = r#"[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]"#;
    let rows = Rows::new().user("ann", NOTHING).resource("s3:bucket", bucket);
    let rows =
        rows.held(bucket, "resource", Origin::Resource).document(&format!("{bucket} resource"), public);
    let after = organised(rows, Origin::ResourceControl);
    let before = after.clone().document("p-deny", denies).held("ou-1", "p-deny", Origin::ResourceControl);
    check(
        &before,
        &after,
        &[vec![held("ou-1", "p-deny", Origin::ResourceControl), row(RowKind::Resource, &[bucket])]],
        "OutsideTrust of 1 (1 sure) to arn:aws:s3:::b\n  \
           who *\n  \
           hop * -resource-policy-> arn:aws:s3:::b by arn:aws:s3:::b resource statement 1\n  \
           cut arn:aws:s3:::b resource (resource-policy) for 1\n  \
           opened by [0]: Entitlement ou-1 p-deny 7\n",
    );
}

#[test]
fn nothing_is_new_about_administrators_and_roles_that_only_a_service_uses() {
    let linked = format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX");
    let of = |statements: &str| {
        Rows::new()
            .user("root-like", ALL)
            .inline(&user("root-like"), ALL)
            .identity(&linked, "AWSServiceRoleForX", &[])
            .inline(&linked, statements)
            .role("boss", NOBODY, ALL)
    };
    let after = of(ALL).user("more", NOTHING);
    check(&of(NOTHING), &after, &[vec![row(RowKind::Policy, &[&format!("{linked} inline:own")])]], "");
}

#[test]
fn an_account_that_was_not_known_has_no_news_and_what_was_latent_is_news_when_it_is_possible() {
    check(&Rows::new(), &office().user("boss", ALL), &[vec![]], "");
    // To set another version of a policy leads nowhere until there is one.
    let policy = format!("arn:aws:iam::{ACCOUNT}:policy/own");
    let sets = r#"[{"Effect":"Allow","Action":"iam:SetDefaultPolicyVersion","Resource":"*"}]"#;
    let none = Rows::new().user("turns", NOTHING);
    let latent = none.clone().held(&user("turns"), &policy, Origin::Attached).document(&policy, sets);
    let version = format!("{policy} version:v1");
    let now = latent.clone().document(&version, ALL);
    check(&none, &latent, &[vec![row(RowKind::Policy, &[&policy])]], "");
    check(
        &latent,
        &now,
        &[vec![row(RowKind::Policy, &[&version])]],
        "Escalation of 1 (1 sure) to administrator of 111122223333\n  \
           who user/turns\n  \
           hop user/turns -iam-101-> administrator of 111122223333 by policy/own statement 1\n  \
           cut user/turns -> administrator of 111122223333 (iam-101) for 1\n  \
           opened by [0]: Policy policy/own version:v1\n",
    );
}

#[test]
fn two_changes_that_came_together_are_told_apart() {
    let of = |first: &str, second: &str| {
        Rows::new().user("ann", first).user("bob", second).role("boss", OWN_ACCOUNT, ALL)
    };
    let [ann, bob] = ["ann", "bob"].map(|name| format!("{} inline:own", user(name)));
    let changes = [vec![row(RowKind::Policy, &[&bob])], vec![row(RowKind::Policy, &[&ann])]];
    let one = |name: &str, change: usize| {
        format!(
            "Escalation of 1 (1 sure) to administrator of 111122223333\n  \
               who user/{name}, with more\n  \
               hop user/{name} -sts-001-> role/boss by user/{name} inline:own statement 1 and role/boss trust \
               statement 1\n  \
               hop role/boss -administrator-> administrator of 111122223333 by role/boss inline:own statement 1\n  \
               cut user/{name} -> role/boss (sts-001) for 1\n  \
               opened by [{change}]: Policy user/{name} inline:own\n"
        )
    };
    let both = format!("{}{}", one("ann", 1), one("bob", 0));
    check(&of(NOTHING, NOTHING), &of(ASSUMES, ASSUMES), &changes, &both);
}

#[test]
fn a_way_to_a_secret_role_is_news_for_who_cannot_administer() {
    let of = |trusted: &str| {
        let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/limit");
        Rows::new()
            .user("ann", ASSUMES)
            .role("terraform", trusted, NOTHING)
            .held(&role("terraform"), &boundary, Origin::Boundary)
            .document(&boundary, NOTHING)
    };
    let trust = format!("{} trust", role("terraform"));
    check(
        &of(NOBODY),
        &of(OWN_ACCOUNT),
        &[vec![row(RowKind::Policy, &[&trust])]],
        "TierZero of 1 (1 sure) to role/terraform\n  \
           who user/ann, with more\n  \
           hop user/ann -sts-001-> role/terraform by user/ann inline:own statement 1 and role/terraform trust \
           statement 1\n  \
           cut user/ann -> role/terraform (sts-001) for 1\n  \
           opened by [0]: Policy role/terraform trust\n",
    );
}

#[test]
fn whoever_is_let_in_from_outside_is_news_by_the_policy_that_lets_them_in() {
    let vendor = r#"{"AWS":["999988887777","arn:aws:iam::999988887777:role/x","111122223333"]}"#;
    let of = |trusted: &str| Rows::new().user("ann", NOTHING).role("boss", trusted, ALL);
    let trust = format!("{} trust", role("boss"));
    let changes = [vec![row(RowKind::Policy, &[&trust])]];
    check(
        &of(OWN_ACCOUNT),
        &of(vendor),
        &changes,
        "OutsideTrust of 2 (2 sure) to role/boss\n  \
           who 999988887777, with more\n  \
           who arn:aws:iam::999988887777:role/x, with more\n  \
           hop 999988887777 -sts-001-> role/boss by role/boss trust statement 1\n  \
           hop role/boss -administrator-> administrator of 111122223333 by role/boss inline:own statement 1\n  \
           cut role/boss trust (sts-001) for 2\n  \
           opened by [0]: Policy role/boss trust\n",
    );
}

#[test]
fn a_bucket_that_everybody_may_read_is_news_unless_it_is_for_the_own_organisation() {
    let bucket = "arn:aws:s3:::b";
    let of = |condition: &str| {
        let mut rows = Rows::new().user("ann", NOTHING).held(bucket, "resource", Origin::Resource);
        rows.0.resources.push(Resource {
            id: bucket.to_owned(),
            kind: "s3:bucket".to_owned(),
            name: "b".to_owned(),
            account: ACCOUNT.to_owned(),
            ..Resource::default()
        });
        let who = if condition.is_empty() { r#"{"AWS":"111122223333"}"# } else { r#""*""# };
        let statement = format!(
            r#"[{{"Sid":"Read","Effect":"Allow","Principal":{who},"Action":"s3:GetObject","Resource":"{bucket}/*"{condition}}}]"#
        );
        rows.document(&format!("{bucket} resource"), &statement)
    };
    let changes = [vec![row(RowKind::Policy, &[&format!("{bucket} resource")])]];
    let organisation = r#","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#;
    check(&of(""), &of(organisation), &changes, "");
    let told = |sure: u32, only_if: &str| {
        format!(
            "OutsideTrust of 1 ({sure} sure) to arn:aws:s3:::b\n  \
               who *\n  \
               hop * -resource-policy-> arn:aws:s3:::b by arn:aws:s3:::b resource statement 1 (Read){only_if}\n  \
               cut arn:aws:s3:::b resource (resource-policy) for 1\n  \
               opened by [0]: Policy arn:aws:s3:::b resource\n"
        )
    };
    check(&of(""), &of(r#","Condition":{}"#), &changes, &told(1, ""));
    let address = r#","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#;
    check(&of(""), &of(address), &changes, &told(0, " only if IpAddress aws:SourceIp 192.0.2.0/24"));
    // A condition that goes lets in more; one that comes does not.
    check(&of(address), &of(r#","Condition":{}"#), &changes, &told(1, ""));
    check(&of(r#","Condition":{}"#), &of(address), &changes, "");
}

#[test]
fn an_atlas_that_was_changed_in_place_has_the_same_news_as_one_of_the_changed_rows() {
    let after = office().held(&role("build"), ADMINISTRATOR, Origin::Attached);
    let entitlement = after.0.entitlements.last().unwrap().clone();
    let changes = [vec![RowRef { kind: RowKind::Entitlement, key: entitlement.key() }]];
    let gone = Withdrawn { kind: RowKind::Entitlement.into(), key: entitlement.key(), seen: None };
    let rows = AccountExport {
        account: ACCOUNT.to_owned(),
        scope: Scope::Rows,
        entitlements: vec![entitlement],
        ..AccountExport::default()
    };
    let [before, whole] = [&office(), &after].map(atlas);
    let later = before.later(&Change { now: vec![rows], gone: Vec::new() }).unwrap();
    assert_eq!(told(&news(&before, &later, &changes)), told(&news(&before, &whole, &changes)));
    let again = later.later(&Change { now: Vec::new(), gone: vec![gone] }).unwrap();
    assert_eq!(told(&news(&later, &again, &changes)), "");
    assert_eq!(told(&news(&again, &later, &changes)), told(&news(&before, &whole, &changes)));
}

#[test]
fn what_nothing_speaks_of_is_put_down_to_all_that_changed() {
    let after = office().held(&role("build"), ADMINISTRATOR, Origin::Attached);
    let other = vec![row(RowKind::Resource, &["arn:aws:s3:::b"])];
    let found = news(&atlas(&office()), &atlas(&after), &[other.clone(), Vec::new()]);
    let named: Vec<_> = found.iter().map(|one| (one.is_attributed, &one.rows, &*one.changes)).collect();
    assert_eq!(named, [(false, &other, &[0][..])]);
}

/// Pieces of an account that can be there or not.
fn parts() -> Vec<fn(Rows) -> Rows> {
    vec![
        |rows| rows.user("ann", ASSUMES),
        |rows| rows.user("bob", WRITES),
        |rows| rows.user("cid", ALL),
        |rows| rows.role("boss", OWN_ACCOUNT, ALL),
        |rows| rows.role("terraform", OWN_ACCOUNT, ASSUMES),
        |rows| rows.role("open", r#"{"AWS":"999988887777"}"#, ASSUMES),
        |rows| rows.role("lambda", r#"{"Service":"lambda.amazonaws.com"}"#, ALL),
        |rows| {
            let passes = r#"[{"Effect":"Allow","Action":["iam:PassRole","lambda:*"],"Resource":"*"}]"#;
            rows.user("dan", passes)
        },
        |rows| rows.identity(&user("eve"), "eve", &["writers"]),
        |rows| rows.group("writers", WRITES),
        |rows| rows.document(ADMINISTRATOR, ALL).held(&user("eve"), ADMINISTRATOR, Origin::Boundary),
    ]
}

/// Who can come to administer by what the answers say, or does.
fn able(atlas: &Atlas) -> Vec<String> {
    let all = answers::principals(atlas);
    all.into_iter().filter(|one| one.admin || one.escalation == Escalation::Now).map(|one| one.arn).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn news_are_there_for_exactly_those_who_could_not_before(
        before in subsequence(parts(), 0..=11),
        after in subsequence(parts(), 0..=11),
    ) {
        let [before, after] = [before, after].map(|parts| {
            let rows = Rows::new().user("always", NOTHING);
            atlas(&parts.into_iter().fold(rows, |rows, part| part(rows)))
        });
        let changes = [vec![row(RowKind::Identity, &[&user("ann")])]];
        let found = news(&before, &after, &changes);
        let had = able(&before);
        let mut expected: Vec<String> = able(&after).into_iter().filter(|arn| !had.contains(arn)).collect();
        expected.sort_unstable();
        let escalating = found.iter().filter(|one| one.to == ["administrator of 111122223333"]);
        let mut named: Vec<String> = escalating
            .filter(|one| format!("{:?}", one.kind) == "Escalation")
            .flat_map(|one| one.examples.iter().map(|example| example.identity.clone()))
            .collect();
        named.sort_unstable();
        prop_assert_eq!(named, expected);
        for one in &found {
            prop_assert!(one.count as usize >= one.examples.len() && !one.examples.is_empty());
            prop_assert!(!one.path.hops.is_empty() && one.sure <= one.count);
        }
        prop_assert_eq!(news(&after, &after, &changes), Vec::new());
        let measured = measure(&after);
        let all = answers::principals(&after);
        let count = |is: &dyn Fn(&PrincipalAnswer) -> bool| all.iter().filter(|one| is(one)).count() as u64;
        let latent = |one: &PrincipalAnswer| !one.admin && one.escalation == Escalation::Latent;
        let now = |one: &PrincipalAnswer| !one.admin && one.escalation == Escalation::Now;
        prop_assert_eq!(
            [measured.identities, measured.administrators, measured.escalating, measured.latent],
            [count(&|_| true), count(&|one| one.admin), count(&now), count(&latent)]
        );
        prop_assert_eq!(measured.toward_top, u64::from(after.rating.chokes.exposed));
        let doors = after.estate.principals().filter(|(_, one)| one.arn().ends_with("/open")).count();
        prop_assert_eq!(measured.entrances, doors as u64);
    }
}
