//! What principals could do, as sets.

use doorward_model::inventory::Origin;
use doorward_model::inventory::organisation::{NodeKind, OrganisationNode};
use doorward_privilege::effective::{Effective, Effects};
use doorward_privilege::estate::Estate;
use doorward_privilege::sets::SetId;

use crate::catalog::SHIPPED;
use crate::support::{ACCOUNT, Rows, node};

const LIMIT: &str = "arn:aws:iam::111122223333:policy/limit";

/// The names in each set of what a principal could do, and how many where they are many.
fn effective(rows: &Rows, name: &str) -> String {
    let estate = rows.clone().estate();
    let mut effects = Effects::new(&estate, &SHIPPED, 7);
    let id = estate.find(&format!("arn:aws:iam::{ACCOUNT}:{name}")).unwrap();
    let Effective { certain, only_if, unknown } = effects.of(id);
    let shown = |name: &str, set: SetId| {
        let set = effects.sets().get(set);
        match set.len() {
            0 => String::new(),
            1..5 => {
                format!("{name}: {}; ", set.iter().map(|id| SHIPPED.name(id)).collect::<Vec<_>>().join(" "))
            }
            many => format!("{name}: {many}; "),
        }
    };
    format!("{}{}{}", shown("certain", certain), shown("only if", only_if), shown("unknown", unknown))
}

fn allow(permissions: &str, resource: &str) -> String {
    format!(r#"{{"Effect":"Allow","Action":{permissions},"Resource":"{resource}"}}"#)
}

fn deny(permissions: &str, resource: &str) -> String {
    format!(r#"{{"Effect":"Deny","Action":{permissions},"Resource":"{resource}"}}"#)
}

fn own(statements: &[String]) -> Rows {
    Rows::new().user("ann", &format!("[{}]", statements.join(",")))
}

#[test]
fn what_is_allowed_somewhere_is_certain_and_what_depends_is_not() {
    let objects = r#"["s3:GetObject","s3:PutObject"]"#;
    let region = r#"{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"x"}}}"#;
    let of_user = allow(r#""dynamodb:GetItem""#, "arn:aws:dynamodb:*:*:table/${aws:username}");
    let cases = [
        ("by a resource", vec![allow(objects, "arn:aws:s3:::a/*")], "certain: s3:GetObject s3:PutObject; "),
        ("by a condition", vec![region.to_owned()], "only if: sqs:SendMessage; "),
        ("by a variable", vec![of_user], "only if: dynamodb:GetItem; "),
        (
            "a deny of another resource",
            vec![allow(objects, "arn:aws:s3:::a/*"), deny(r#""s3:*""#, "arn:aws:s3:::b/*")],
            "certain: s3:GetObject s3:PutObject; ",
        ),
        (
            "a deny of a part",
            vec![allow(objects, "arn:aws:s3:::a/*"), deny(r#""s3:Put*""#, "arn:aws:s3:::a/b*")],
            "certain: s3:GetObject; only if: s3:PutObject; ",
        ),
        (
            "a deny of a part of all",
            vec![allow(objects, "*"), deny(r#""s3:Put*""#, "arn:aws:s3:::a/b*")],
            "certain: s3:GetObject s3:PutObject; ",
        ),
        (
            "a deny of more",
            vec![allow(objects, "arn:aws:s3:::a/*"), deny(r#""s3:Put*""#, "arn:aws:s3:::*")],
            "certain: s3:GetObject; ",
        ),
        ("a permission without resources", vec![allow(r#""s3:ListAllMyBuckets""#, "arn:aws:s3:::a")], ""),
        ("all but one service", vec![allow(r#""*""#, "*"), deny(r#""s3:*""#, "*")], "certain: 21911; "),
    ];
    for (rule, statements, expected) in cases {
        assert_eq!(effective(&own(&statements), "user/ann"), expected, "{rule}");
    }
}

#[test]
fn a_boundary_limits_and_never_gives() {
    let limited = |limit: &str| {
        let ann = format!("arn:aws:iam::{ACCOUNT}:user/ann");
        let rows = own(&[allow(r#"["s3:GetObject","sqs:SendMessage"]"#, "*")]);
        effective(&rows.held(&ann, LIMIT, Origin::Boundary).document(LIMIT, limit), "user/ann")
    };
    let some = allow(r#"["s3:*","dynamodb:*"]"#, "arn:aws:s3:::a/*");
    assert_eq!(limited(&format!("[{some}]")), "certain: s3:GetObject; ");
    assert_eq!(limited(&format!("[{}]", allow(r#""*""#, "*"))), "certain: s3:GetObject sqs:SendMessage; ");
    assert_eq!(limited(&format!("[{}]", deny(r#""sqs:*""#, "*"))), "");
    assert_eq!(limited(r#"[{"Effect":"Perhaps"}]"#), "unknown: s3:GetObject sqs:SendMessage; ");
}

#[test]
fn each_level_of_control_policies_limits_all_but_whom_they_do_not_apply_to() {
    let limited = |is_management: bool| {
        let open = allow(r#"["s3:GetObject","sqs:SendMessage"]"#, "*");
        let ann = own(std::slice::from_ref(&open));
        let rows = ann.role("AWSServiceRoleForX", r#"{"Service":"x.amazonaws.com"}"#, &format!("[{open}]"));
        let mut rows = rows
            .held("r-1", "arn:aws:organizations::aws:policy/all", Origin::ServiceControl)
            .document("arn:aws:organizations::aws:policy/all", &format!("[{}]", allow(r#""*""#, "*")))
            .held(ACCOUNT, "arn:aws:organizations::1:policy/s3", Origin::ServiceControl)
            .document("arn:aws:organizations::1:policy/s3", &format!("[{}]", allow(r#""s3:*""#, "*")));
        let account = OrganisationNode { is_management, ..node(ACCOUNT, NodeKind::Account, "r-1") };
        rows.0.nodes = vec![node("r-1", NodeKind::Root, ""), account];
        [effective(&rows, "user/ann"), effective(&rows, "role/AWSServiceRoleForX")]
    };
    let (one, both) = ("certain: s3:GetObject; ", "certain: s3:GetObject sqs:SendMessage; ");
    assert_eq!(limited(false), [one, both]);
    assert_eq!(limited(true), [both, both]);
}

#[test]
fn a_missing_policy_makes_everything_unknown_that_is_not_denied() {
    let ann = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let rows = own(&[allow(r#""s3:GetObject""#, "*"), deny(r#""sqs:*""#, "*")]);
    let rows = rows.held(&ann, "arn:aws:iam::aws:policy/Absent", Origin::Attached);
    let queues = SHIPPED.all().iter().filter(|id| SHIPPED.lower_name(*id).starts_with("sqs:")).count();
    assert_eq!(effective(&rows, "user/ann"), format!("unknown: {}; ", SHIPPED.len() - queues));
}

#[test]
fn who_has_the_same_policies_is_worked_out_once() {
    let reads = format!("[{}]", allow(r#""s3:GetObject""#, "*"));
    let user = |rows: Rows, name: &str| {
        rows.identity(&format!("arn:aws:iam::{ACCOUNT}:user/{name}"), name, &["readers"])
    };
    let estate: Estate = user(user(Rows::new().group("readers", &reads), "ann"), "bob").estate();
    let mut effects = Effects::new(&estate, &SHIPPED, 7);
    let of = |name: &str| estate.find(&format!("arn:aws:iam::{ACCOUNT}:{name}")).unwrap();
    let (ann, bob, readers) =
        (effects.of(of("user/ann")), effects.of(of("user/bob")), effects.of(of("group/readers")));
    assert_eq!((ann, bob), (bob, readers));
    assert_eq!(
        effects.sets().get(ann.certain).iter().map(|id| SHIPPED.name(id)).collect::<Vec<_>>(),
        ["s3:GetObject"]
    );
    let targets = effects.targets(of("user/ann"));
    let shown: Vec<_> = targets.iter().map(|one| (one.resources.text(), one.permissions.len())).collect();
    assert_eq!(shown, [("*", 1), ("arn:aws:elsewhere:elsewhere:elsewhere:elsewhere", 1)]);
}

#[test]
fn a_pattern_that_matches_nothing_is_shown_with_its_statement() {
    let statements =
        [allow(r#"["s3:GetObject","s3:GetObjcet"]"#, "*"), deny(r#"["s4:*","newservice:Do"]"#, "*")];
    let estate = own(&statements).estate();
    let effects = Effects::new(&estate, &SHIPPED, 7);
    let shown = effects
        .unmatched()
        .iter()
        .map(|one| (&*estate.policy(one.policy).unwrap().name, one.statement, one.pattern));
    let policy = format!("arn:aws:iam::{ACCOUNT}:user/ann inline:own");
    let expected = [(&*policy, 1, "s3:getobjcet"), (&policy, 2, "s4:*"), (&policy, 2, "newservice:do")];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}
