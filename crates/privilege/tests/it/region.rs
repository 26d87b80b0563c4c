//! The region of a request is picked by who makes it, where neither the service nor the resource tells.

use doorward_model::inventory::Origin;
use doorward_model::inventory::organisation::NodeKind;
use doorward_model::inventory::resource::Resource;
use doorward_privilege::analysis::entrances;
use doorward_privilege::answers::{self, Escalation};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::catalog::Catalog;
use doorward_privilege::graph::{Filter, NodeId};
use doorward_privilege::questions::Can;
use doorward_privilege::region::{Regions, RegionsError};

use crate::analysis::told;
use crate::support::{ACCOUNT, Rows, atlas, node};

const ALL: &str = r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#;
const NOTHING: &str = r#"[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]"#;
const NOBODY: &str = r#"{"Service":"lambda.amazonaws.com"}"#;
/// Nothing but eu-west-1, but for what is in no region.
const LOCK: &str = r#"{"Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}}"#;

/// Rows of an account whose organisation denies something beside allowing all.
fn limited(rows: Rows, denial: &str) -> Rows {
    let all = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let rows = rows.held("r-1", "p-all", Origin::ServiceControl);
    let rows = rows.held(ACCOUNT, "p-all", Origin::ServiceControl);
    let mut rows = rows.document("p-all", &format!("[{all},{denial}]"));
    rows.0.nodes = vec![node("r-1", NodeKind::Root, ""), node(ACCOUNT, NodeKind::Account, "r-1")];
    rows
}

/// Whether a user administers the account: for sure, if something holds, or not.
fn administers(atlas: &Atlas, name: &str) -> &'static str {
    let user = atlas.estate.find(&format!("arn:aws:iam::{ACCOUNT}:user/{name}")).unwrap();
    let account = atlas.estate.find_account(ACCOUNT).unwrap();
    let to = atlas.analysis.administration(account);
    match atlas.analysis.graph.edges_from(NodeId(user.0)).find(|edge| edge.to == to) {
        Some(edge) if edge.only_if => "only if",
        Some(_) => "yes",
        None => "no",
    }
}

/// What a user reaches, with the level and the count of conditions.
fn reached(atlas: &Atlas, name: &str) -> Vec<(String, String, u8)> {
    let user = atlas.estate.find(&format!("arn:aws:iam::{ACCOUNT}:user/{name}")).unwrap();
    let reached = atlas.reached(NodeId(user.0), &Filter::default(), None).into_iter();
    let mut reached: Vec<_> = reached.map(|one| (one.to, one.level, one.conditions)).collect();
    reached.sort_unstable();
    reached
}

fn can(atlas: &Atlas, permission: &str, resource: &str) -> (Can, Vec<String>) {
    let user = atlas.estate.find(&format!("arn:aws:iam::{ACCOUNT}:user/ann")).unwrap();
    let answer = atlas.can(user, permission, resource).unwrap();
    (answer.answer, answer.only_if)
}

#[test]
fn who_may_do_all_in_one_region_administers_the_account() {
    let only = |region: &str| {
        format!(
            r#"[{{"Effect":"Allow","Action":["iam:*","sts:*"],"Resource":"*"}},{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{"StringLike":{{"aws:RequestedRegion":"{region}"}}}}}}]"#
        )
    };
    let with_mfa = r#"[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]"#;
    let rows = Rows::new()
        .user("all", ALL)
        .user("here", &only("eu-*"))
        .user("there", &only("us-*"))
        .user("nowhere", &only("mars-1"))
        .user("with-mfa", with_mfa);
    let names = ["all", "here", "there", "nowhere", "with-mfa"];
    let open = atlas(rows.clone().estate());
    assert_eq!(names.map(|name| administers(&open, name)), ["yes", "yes", "yes", "no", "only if"]);
    let locked = atlas(limited(rows.clone(), LOCK).estate());
    assert_eq!(names.map(|name| administers(&locked, name)), ["yes", "yes", "no", "no", "only if"]);
    // All but one region, none of which any policy names, are left.
    let shut = LOCK.replace("StringNotEquals", "StringEquals");
    let others = atlas(limited(rows.clone(), &shut).estate());
    assert_eq!(names.map(|name| administers(&others, name)), ["yes", "yes", "yes", "no", "only if"]);
    // IAM is in us-east-1 alone.
    let without = LOCK.replace(r#""iam:*","#, "");
    let shut_out = atlas(limited(rows, &without).estate());
    assert_eq!(names.map(|name| administers(&shut_out, name)), ["no"; 5]);
}

#[test]
fn a_step_says_in_which_region_it_is_taken_where_it_is_not_in_all() {
    let launches = r#"[{"Effect":"Allow","Action":["iam:PassRole","lambda:*"],"Resource":"*"}]"#;
    let rows = Rows::new().user("ann", launches).role("runs", NOBODY, ALL);
    let regions = |rows: Rows| {
        let told = answers::principals(&atlas(rows.estate()));
        let ann = told.into_iter().find(|one| one.arn.ends_with("/ann")).unwrap();
        let path = ann.paths.into_iter().find(|path| path.id == "lambda-001").unwrap();
        path.hops.into_iter().map(|hop| hop.regions).collect::<Vec<_>>()
    };
    assert_eq!(regions(rows.clone()), [Vec::<String>::new(), Vec::new()]);
    // What is shown of the administration is a right of IAM, which is in one region for everybody.
    assert_eq!(regions(limited(rows, LOCK)), [vec!["eu-west-1".to_owned()], Vec::new()]);
}

#[test]
fn regions_hold_together_with_what_is_named_in_them() {
    let there = r#"[{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:us-east-1:*:*"}]"#;
    let locked = atlas(limited(Rows::new().user("ann", there), LOCK).estate());
    let any = format!("arn:aws:sqs:*:{ACCOUNT}:*");
    assert_eq!(can(&locked, "sqs:SendMessage", &any).0, Can::ImplicitDeny);
}

#[test]
fn what_lies_in_a_region_is_used_there() {
    let queue = |region: &str, name: &str| format!("arn:aws:sqs:{region}:{ACCOUNT}:{name}");
    let sends = r#"[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}]"#;
    let mut rows = Rows::new().user("ann", sends).resource("s3:bucket", "arn:aws:s3:::b");
    let here: Vec<String> = (0..3).map(|number| queue("eu-west-1", &format!("q{number}"))).collect();
    for arn in here.iter().chain(&[queue("us-east-1", "q0"), queue("us-east-1", "q1")]) {
        rows = rows.resource("sqs:queue", arn);
    }
    let atlas = atlas(limited(rows, LOCK).estate());
    let expected = here.iter().map(|arn| (arn.clone(), "write".to_owned(), 0));
    assert_eq!(reached(&atlas, "ann"), expected.collect::<Vec<_>>());
    // Also where the policy of the resource says so.
    let anybody = r#"[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}]"#;
    let mut rows = Rows::new().user("ann", NOTHING);
    for arn in [queue("eu-west-1", "q"), queue("us-east-1", "q")] {
        rows = rows.resource("sqs:queue", &arn);
        rows = rows.held(&arn, "resource", Origin::Resource).document(&format!("{arn} resource"), anybody);
    }
    let atlas = crate::support::atlas(rows.estate());
    assert_eq!(reached(&atlas, "ann"), [(queue("eu-west-1", "q"), "write".to_owned(), 0)]);
}

#[test]
fn a_method_goes_against_things_of_the_regions_that_are_left() {
    let changes = r#"[{"Effect":"Allow","Action":["lambda:UpdateFunctionCode","lambda:InvokeFunction"],"Resource":"*"}]"#;
    let function = |region: &str, name: &str| format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{name}");
    let mut rows = Rows::new().user("ann", changes);
    for (region, name) in [("ap-south-1", "a"), ("eu-west-1", "b"), ("eu-west-1", "c"), ("us-east-1", "d")] {
        rows = rows.role(name, NOBODY, NOTHING);
        rows.0.resources.push(Resource {
            id: function(region, name),
            kind: "lambda:function".to_owned(),
            account: ACCOUNT.to_owned(),
            runs_as: format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
            ..Resource::default()
        });
    }
    let roles = |atlas: &Atlas| -> Vec<String> {
        let reached = reached(atlas, "ann").into_iter().filter(|(_, _, conditions)| *conditions == 0);
        let roles = reached.filter_map(|(to, ..)| Some(to.split_once(":role/")?.1.to_owned()));
        roles.collect()
    };
    assert_eq!(roles(&atlas(rows.clone().estate())), ["a", "b", "c", "d"]);
    assert_eq!(roles(&atlas(limited(rows, LOCK).estate())), ["b", "c"]);
}

#[test]
fn a_question_without_a_region_is_told_for_which() {
    let atlas = atlas(limited(Rows::new().user("ann", ALL), LOCK).estate());
    let only_if = vec!["not (StringNotEquals aws:RequestedRegion eu-west-1)".to_owned()];
    assert_eq!(can(&atlas, "ec2:RunInstances", "*"), (Can::OnlyIf, only_if));
    let function = |region: &str| format!("arn:aws:lambda:{region}:{ACCOUNT}:function:f");
    let none = Vec::<String>::new;
    assert_eq!(can(&atlas, "lambda:GetFunction", &function("eu-west-1")), (Can::Allow, none()));
    assert_eq!(can(&atlas, "lambda:GetFunction", &function("us-east-1")), (Can::ExplicitDeny, none()));
    assert_eq!(can(&atlas, "organizations:LeaveOrganization", "*"), (Can::ExplicitDeny, none()));
    assert_eq!(can(&atlas, "iam:CreateUser", "*"), (Can::Allow, none()));
}

#[test]
fn a_step_that_needs_no_region_in_particular_is_told_without_a_condition() {
    let creates = r#"[{"Effect":"Allow","Action":["iam:PassRole","lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"}]"#;
    let rows = Rows::new().user("ann", creates).role("works", NOBODY, ALL);
    let atlas = atlas(limited(rows, LOCK).estate());
    let (escalation, _, methods) = told(&atlas, "/ann");
    assert_eq!((escalation, methods), (Escalation::Now, vec!["lambda-001".to_owned()]));
    let conditions = reached(&atlas, "ann").into_iter().map(|(_, _, conditions)| conditions).max();
    assert_eq!(conditions, Some(0));
}

#[test]
fn whoever_comes_from_outside_picks_the_region_too() {
    let trust = r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"777788889999"},"Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}]"#;
    let bucket = r#"[{"Effect":"Allow","Action":"s3:GetObject","Principal":"*","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}]"#;
    let rows = Rows::new().trusting("door", trust, NOTHING).resource("s3:bucket", "arn:aws:s3:::b");
    let rows =
        rows.held("arn:aws:s3:::b", "resource", Origin::Resource).document("arn:aws:s3:::b resource", bucket);
    let entrances = entrances(&rows.estate());
    let told: Vec<_> = entrances.iter().map(|one| (&*one.who, one.only_if.as_deref())).collect();
    assert_eq!(told, [("777788889999", None), ("*", None)]);
}

#[test]
fn the_list_of_regions_is_whole() {
    let regions = Regions::shipped().unwrap();
    let catalog = Catalog::shipped().unwrap();
    let services: Vec<&str> =
        catalog.all().iter().filter_map(|id| Some(catalog.name(id).split_once(':')?.0)).collect();
    let strange: Vec<[&str; 3]> = regions
        .global()
        .filter(|[partition, service, region]| {
            !services.contains(service) || !regions.of(partition).iter().any(|own| **own == **region)
        })
        .collect();
    assert_eq!(strange, Vec::<[&str; 3]>::new());
    assert_eq!(regions.of("aws").len(), 34);
    let wrong = RegionsError { line: 2, text: "regions eu-west-1".into() };
    assert_eq!(Regions::read("doorward regions 1\nregions eu-west-1"), Err(wrong));
}
