//! Identity Center: people, their groups, and the roles that they are assigned.

use doorward_model::identity::Identity;
use doorward_model::inventory::center::{Assignment, Membership, PermissionSet, PrincipalKind};
use doorward_model::inventory::organisation::NodeKind;
use doorward_model::inventory::{AccountExport, Group, Origin};
use doorward_privilege::answers::{self, Escalation};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::change::Change;
use doorward_privilege::estate::{Builder, Estate};
use doorward_privilege::graph::Filter;
use doorward_privilege::questions::{Can, CanAnswer};

use crate::support::{ACCOUNT, Rows, atlas, node};

const ALL: &str = r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#;
const READS: &str = r#"[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]"#;
const SAML: &str = r#"{"Federated":"arn:aws:iam::111122223333:saml-provider/AWSSSO_x_DO_NOT_DELETE"}"#;
const MANAGEMENT: &str = "000011112222";
const OTHER: &str = "444455556666";

fn set(name: &str) -> String {
    format!("arn:aws:sso:::permissionSet/ssoins-1/ps-{name}")
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// The part of the management account: who there is, and who is assigned what.
#[derive(Default)]
struct Center(AccountExport);

impl Center {
    fn person(mut self, id: &str, name: &str) -> Self {
        self.0.identities.push(Identity {
            id: format!("idc:{MANAGEMENT}/{id}"),
            account: MANAGEMENT.to_owned(),
            name: name.to_owned(),
            unique_id: id.to_owned(),
            ..Identity::default()
        });
        self
    }

    /// A person as a log tells of one.
    fn seen(mut self, account: &str, name: &str, set: &str) -> Self {
        self.0.identities.push(Identity {
            id: format!("idc:{account}/{name}"),
            account: account.to_owned(),
            name: name.to_owned(),
            peer_group: format!("permission-set:{set}"),
            ..Identity::default()
        });
        self
    }

    fn group(mut self, id: &str, name: &str, members: &[&str]) -> Self {
        self.0.groups.push(Group {
            id: format!("idc:{MANAGEMENT}/{id}"),
            account: MANAGEMENT.to_owned(),
            name: name.to_owned(),
            unique_id: id.to_owned(),
            ..Group::default()
        });
        let membership = |member: &&str| Membership {
            group: id.to_owned(),
            member: (*member).to_owned(),
            store: "d-1".to_owned(),
            seen: None,
        };
        self.0.memberships.extend(members.iter().map(membership));
        self
    }

    fn assign(mut self, (kind, principal): (PrincipalKind, &str), name: &str, account: &str) -> Self {
        self.0.permission_sets.push(PermissionSet {
            id: set(name),
            name: name.to_owned(),
            ..PermissionSet::default()
        });
        self.0.assignments.push(Assignment {
            principal: principal.to_owned(),
            principal_kind: kind.into(),
            permission_set: set(name),
            account: account.to_owned(),
            seen: None,
        });
        self
    }

    /// With an account of three roles, two of them of permission sets.
    fn estate(self) -> Estate {
        let mut builder = Builder::default();
        builder.add(rows().0);
        builder.add(self.0);
        builder.build()
    }
}

fn rows() -> Rows {
    Rows::new()
        .role("AWSReservedSSO_Admin_0123456789abcdef", SAML, ALL)
        .role("AWSReservedSSO_Read_Only_0123456789abcdef", SAML, READS)
        .role("app", r#"{"Service":"ec2.amazonaws.com"}"#, READS)
}

const USER: PrincipalKind = PrincipalKind::User;
const GROUP: PrincipalKind = PrincipalKind::Group;

/// What is told of those whose name ends so: whether they administer, and their escalation.
fn told(atlas: &Atlas) -> Vec<(String, bool, Escalation)> {
    let all = answers::principals(atlas).into_iter().filter(|one| one.arn.starts_with("idc:"));
    let mut all: Vec<_> = all.map(|one| (one.arn, one.admin, one.escalation)).collect();
    all.sort();
    all
}

fn reached(atlas: &Atlas, name: &str) -> Vec<String> {
    let from = atlas.find(name).unwrap();
    atlas.reached(from, &Filter::default(), None).into_iter().map(|one| one.to).collect()
}

#[test]
fn a_person_has_the_role_of_a_set_in_the_account_where_it_is_assigned_and_no_other() {
    let center = Center::default()
        .person("u1", "ann")
        .person("u2", "bob")
        .person("u3", "eve")
        .group("g1", "readers", &["u2"])
        .assign((USER, "u1"), "Admin", ACCOUNT)
        .assign((GROUP, "g1"), "Read_Only", ACCOUNT)
        .assign((GROUP, "g1"), "Admin", OTHER);
    let atlas = atlas(center.estate());
    let idc = |name: &str| format!("idc:{MANAGEMENT}/{name}");
    assert_eq!(
        told(&atlas),
        [
            (idc("ann"), true, Escalation::None),
            (idc("bob"), false, Escalation::None),
            (idc("eve"), false, Escalation::None)
        ]
    );
    let admin = role("AWSReservedSSO_Admin_0123456789abcdef");
    assert!(reached(&atlas, &idc("ann")).contains(&admin));
    let by_group = format!("arn:aws:iam::{OTHER}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin");
    let mut of_bob = reached(&atlas, &idc("bob"));
    of_bob.sort();
    let read_only = role("AWSReservedSSO_Read_Only_0123456789abcdef");
    assert_eq!(of_bob, [read_only, by_group, idc("group/readers")]);
    assert_eq!(reached(&atlas, &idc("eve")), Vec::<String>::new());
}

/// What those are called who come into a role of a permission set by this provider.
fn let_in(role: &str, provider: &str, center: Center) -> Vec<String> {
    let trust = format!(
        r#"[{{"Effect":"Allow","Action":["sts:AssumeRoleWithSAML","sts:TagSession"],"Principal":{{"Federated":"{provider}"}}}}]"#
    );
    let mut builder = Builder::default();
    builder.add(Rows::new().trusting(role, &trust, ALL).0);
    builder.add(center.0);
    answers::outside(&atlas(builder.build()), 9).into_iter().map(|one| one.words).collect()
}

#[test]
fn who_comes_by_identity_center_is_who_is_assigned() {
    let provider = format!("arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE");
    let center = || Center::default().person("u1", "ann").person("u2", "bob");
    let of = |center| let_in("AWSReservedSSO_Admin_0123456789abcdef", &provider, center);
    let group = center().group("g1", "ops", &["u1", "u2"]).assign((GROUP, "g1"), "Admin", ACCOUNT);
    assert_eq!(of(group), ["the 2 to whom Identity Center assigns it"]);
    let one = || center().assign((USER, "u1"), "Admin", ACCOUNT);
    assert_eq!(of(one()), ["the one to whom Identity Center assigns it"]);
    assert_eq!(
        of(center().assign((USER, "u1"), "Other", ACCOUNT)),
        ["nobody to whom an export tells that Identity Center assigns it"]
    );
    let unknown = ["whoever is assigned it by Identity Center, whose assignments are not exported"];
    assert_eq!(of(center()), unknown);
    assert_eq!(of(center().assign((USER, "u1"), "Admin", OTHER)), unknown);
    // A use in a log is no assignment.
    assert_eq!(of(center().seen(ACCOUNT, "eve", "Admin")), unknown);
    // Of another account, of another name, or into a role of the account itself.
    let named = |name: &str, account: &str| vec![format!("anyone of SAML provider {name} in {account}")];
    let center_name = "AWSSSO_0123456789abcdef_DO_NOT_DELETE";
    assert_eq!(let_in("own", &provider, one()), named(center_name, ACCOUNT));
    let admin = "AWSReservedSSO_Admin_0123456789abcdef";
    let other = provider.replace(ACCOUNT, OTHER);
    assert_eq!(let_in(admin, &other, one()), named(center_name, OTHER));
    let other = provider.replace("0123456789abcdef", "corp");
    assert_eq!(let_in(admin, &other, one()), named("AWSSSO_corp_DO_NOT_DELETE", ACCOUNT));
}

#[test]
fn a_way_of_a_person_names_the_group_and_the_assignment() {
    let center = Center::default().person("u1", "ann").group("g1", "ops", &["u1"]).assign(
        (GROUP, "g1"),
        "Admin",
        ACCOUNT,
    );
    let atlas = atlas(center.estate());
    let [from, to] = ["ann".to_owned(), format!("admin:{ACCOUNT}")].map(|name| atlas.find(&name).unwrap());
    let ways = atlas.ways(from, to, &Filter::default(), 1);
    let hops = ways[0].hops.iter().map(|hop| (&*hop.edge.method, &*hop.statement[0]));
    let [person, group] = ["ann", "group/ops"].map(|name| format!("idc:{MANAGEMENT}/{name}"));
    assert_eq!(
        hops.collect::<Vec<_>>(),
        [
            ("group", &*format!("{person} is in {group}")),
            ("permission-set", &*format!("permission set Admin is assigned to {group} in {ACCOUNT}")),
            (
                "administrator",
                &*format!("{} inline:own statement 1", role("AWSReservedSSO_Admin_0123456789abcdef"))
            ),
        ]
    );
}

#[test]
fn a_role_that_no_export_holds_has_what_its_set_gives() {
    let mut center = Center::default()
        .person("u1", "ann")
        .person("u2", "bob")
        .person("u3", "eve")
        .assign((USER, "u1"), "Wide", OTHER)
        .assign((USER, "u2"), "Own", OTHER)
        .assign((USER, "u3"), "Dark", OTHER);
    let sets = Rows(std::mem::take(&mut center.0))
        .held(&set("Wide"), "inline:permission-set", Origin::PermissionSet)
        .document(&format!("{} inline:permission-set", set("Wide")), ALL)
        .held(&set("Wide"), "arn:aws:iam::aws:policy/Limit", Origin::Boundary)
        .document("arn:aws:iam::aws:policy/Limit", READS)
        .held(&set("Own"), "arn:aws:iam:::policy/team/own", Origin::PermissionSet)
        .document(&format!("arn:aws:iam::{OTHER}:policy/team/own"), ALL);
    let atlas = atlas(Center(sets.0).estate());
    let admins: Vec<bool> = told(&atlas).into_iter().map(|(_, admin, _)| admin).collect();
    assert_eq!(admins, [false, true, false]);
    let can = |name: &str| {
        let person = atlas.estate.find(&format!("idc:{MANAGEMENT}/{name}")).unwrap();
        let [gets, puts] = ["s3:GetObject", "s3:PutObject"];
        [gets, puts].map(|permission| atlas.can(person, permission, "arn:aws:s3:::b/k").unwrap().answer)
    };
    assert_eq!(can("ann"), [Can::Allow, Can::ImplicitDeny]);
    assert_eq!(can("bob"), [Can::Allow, Can::Allow]);
    // Nobody has told what the set gives: unknown, and never allowed.
    assert_eq!(can("eve"), [Can::Unknown, Can::Unknown]);
    let from = atlas.find("bob").unwrap();
    let own = atlas.find("AWSReservedSSO_Own").unwrap();
    let statement = &atlas.ways(from, own, &Filter::default(), 1)[0].hops[0].statement;
    let expected = [
        format!("permission set Own is assigned to idc:{MANAGEMENT}/bob in {OTHER}"),
        format!("no export holds the role in {OTHER}; it has what permission set Own gives"),
    ];
    assert_eq!(statement, &expected);
}

#[test]
fn a_person_is_one_whatever_a_log_or_a_store_calls_it() {
    let mut center = Center::default()
        .person("u1", "ann@corp.example")
        .assign((USER, "u1"), "Admin", ACCOUNT)
        .seen(ACCOUNT, "Ann@corp.example", "Admin")
        .seen(ACCOUNT, "guest", "Read_Only")
        .seen(OTHER, "stray", "Admin");
    center.0.nodes = vec![node(MANAGEMENT, NodeKind::Account, "r-1"), node("r-1", NodeKind::Root, "")];
    let atlas = atlas(center.estate());
    let names = [
        "idc:o-1/ann@corp.example".to_owned(),
        format!("idc:{MANAGEMENT}/u1"),
        format!("idc:{ACCOUNT}/Ann@corp.example"),
        "idc:o-1/u1".to_owned(),
    ];
    let found: Vec<_> = names.iter().map(|name| atlas.estate.find(name)).collect();
    assert_eq!(found, vec![found[0]; 4]);
    assert!(found[0].is_some());
    let people: Vec<(String, bool, Escalation)> = told(&atlas);
    let (guest, stray) = (format!("idc:{ACCOUNT}/guest"), format!("idc:{OTHER}/stray"));
    assert_eq!(
        people,
        [
            (guest.clone(), false, Escalation::None),
            (stray, false, Escalation::None),
            (names[0].clone(), true, Escalation::None)
        ]
    );
    // Whom no store knows may use what it has used, if it still may.
    let [from, to] =
        [&*guest, "AWSReservedSSO_Read_Only_0123456789abcdef"].map(|name| atlas.find(name).unwrap());
    let only_if = &atlas.ways(from, to, &Filter::default(), 1)[0].hops[0].only_if;
    let expected =
        format!("permission set Read_Only is still assigned to {guest} in {ACCOUNT}, where it was used");
    assert_eq!(only_if, &[expected]);
}

#[test]
fn user_names_that_several_have_are_told_apart_by_their_accounts() {
    let mut other_store = Center::default().person("u2", "ann").0;
    other_store.identities[0].account = "222233334444".to_owned();
    other_store.identities[0].id = "idc:222233334444/u2".to_owned();
    let mut center = Center::default()
        .person("u1", "ann")
        .assign((USER, "u1"), "Admin", ACCOUNT)
        .assign((USER, "u2"), "Admin", OTHER)
        .seen(ACCOUNT, "ann", "Admin")
        .seen("999988887777", "ann", "Admin");
    center.0.identities.extend(other_store.identities);
    let estate = center.estate();
    let find =
        |name: &str| estate.find(name).and_then(|id| estate.principal(id)).map(|one| one.arn().to_owned());
    assert_eq!(find(&format!("idc:{ACCOUNT}/ann")), Some(format!("idc:{MANAGEMENT}/ann")));
    // Nobody can tell which of the two this is.
    let third = "idc:999988887777/ann".to_owned();
    assert_eq!(find(&third), Some(third));
}

#[test]
fn who_can_names_the_people_behind_a_role_and_a_person_the_role() {
    let center = Center::default()
        .person("u1", "ann")
        .person("u2", "bob")
        .group("g1", "ops", &["u2", "u9"])
        .assign((USER, "u1"), "Admin", ACCOUNT)
        .assign((GROUP, "g1"), "Admin", ACCOUNT);
    let atlas = atlas(center.estate());
    let bucket = "arn:aws:s3:::b/k";
    let who = atlas.who_can("s3:PutObject", bucket);
    let admin = role("AWSReservedSSO_Admin_0123456789abcdef");
    // The store did not tell the name of one member.
    let [ann, bob, nameless] =
        [format!("idc:{MANAGEMENT}/ann"), format!("idc:{MANAGEMENT}/bob"), "idc:d-1/u9".into()];
    let told: Vec<_> = who.iter().map(|one| (&one.identity, &one.people)).collect();
    assert_eq!(told, [(&admin, &vec![ann.clone(), bob, nameless])]);
    let can = atlas.can(atlas.estate.find(&ann).unwrap(), "s3:PutObject", bucket).unwrap();
    let expected = CanAnswer { identity: ann, by_role: Some(admin), people: Vec::new(), ..who[0].clone() };
    assert_eq!(can, expected);
}

#[test]
fn what_changes_in_identity_center_changes_who_may() {
    let before = Center::default().person("u1", "ann").assign((USER, "u1"), "Admin", ACCOUNT);
    let atlas = atlas(before.estate());
    let gone = doorward_model::inventory::row::Withdrawn {
        kind: doorward_model::inventory::row::RowKind::Assignment.into(),
        key: vec![ACCOUNT.to_owned(), set("Admin"), "u1".to_owned()],
        seen: None,
    };
    let now = Center::default().assign((USER, "u1"), "Read_Only", ACCOUNT).0;
    let later = atlas.later(&Change { now: vec![now], gone: vec![gone] }).unwrap();
    let admins = |atlas: &Atlas| told(atlas).into_iter().map(|(_, admin, _)| admin).collect::<Vec<_>>();
    assert_eq!((admins(&atlas), admins(&later)), (vec![true], vec![false]));
    let reached = reached(&later, &format!("idc:{MANAGEMENT}/ann"));
    assert_eq!(reached, [role("AWSReservedSSO_Read_Only_0123456789abcdef")]);
}
