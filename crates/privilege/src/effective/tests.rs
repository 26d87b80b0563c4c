//! Sets say what the evaluation says, permission by permission and target by target.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::join::Joined;
use super::parts::{Parts, Reading};
use super::{Bearing, Target};
use crate::catalog::Catalog;
use crate::document::Document;
use crate::estate::PolicyId;
use crate::evaluate::{Answer, LayerKind, Level, Policies, Policy, Verdict, evaluate};
use crate::request::{Caller, Context, Permission, Request, Resource, Which};
use crate::sets::Sets;
use crate::truth::Truth;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::shipped().unwrap());
const ACCOUNT: &str = "111122223333";
const CALLER: &str = "arn:aws:iam::111122223333:user/ann";

/// What is asked for; the last acts on no resource.
const PERMISSIONS: [&str; 5] =
    ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "dynamodb:GetItem", "s3:ListAllMyBuckets"];

/// Statements that speak of the same permissions and resources, so that they meet.
fn statement() -> impl Strategy<Value = String> {
    let actions = select(vec![
        r#""Action":"*""#,
        r#""Action":"s3:*""#,
        r#""Action":["s3:Get*","sqs:*"]"#,
        r#""Action":"s3:List*""#,
        r#""Action":["s3:PutObject","dynamodb:GetItem"]"#,
        r#""NotAction":"s3:*""#,
        r#""NotAction":["sqs:*","s3:Get*"]"#,
    ]);
    let resources = select(vec![
        r#""Resource":"*""#,
        r#""Resource":["arn:aws:s3:::ab*"]"#,
        r#""Resource":["arn:aws:s3:::a*","arn:aws:sqs:*:111122223333:q"]"#,
        r#""Resource":"arn:aws:s3:::*b""#,
        r#""Resource":"arn:aws:s3:::ab/c""#,
        r#""Resource":"arn:aws:s3""#,
        r#""NotResource":"arn:aws:s3:::ab*""#,
        r#""NotResource":["arn:aws:s3:::ab/c","arn:aws:sqs:*:*:*"]"#,
        r#""NotResource":"*""#,
        r#""Sid":"NoResource""#,
    ]);
    let condition = select(vec!["", "", "", r#","Condition":{"StringEquals":{"aws:SourceVpc":"vpc-1"}}"#]);
    let effect = select(vec!["Allow", "Allow", "Deny"]);
    (effect, actions, resources, condition).prop_map(|(effect, actions, resources, condition)| {
        format!(r#"{{"Effect":"{effect}",{actions},{resources}{condition}}}"#)
    })
}

/// A document; sometimes one that cannot be read.
fn document() -> impl Strategy<Value = Option<Document>> {
    let read = |statements: Vec<String>| {
        let text = statements.join(",");
        Document::read(&format!(r#"{{"Version":"2012-10-17","Statement":[{text}]}}"#)).unwrap()
    };
    (vec(statement(), 1..4).prop_map(read), 0..12u8)
        .prop_map(|(document, lost)| (lost > 0).then_some(document))
}

/// Own policies, a boundary or none, levels of control policies.
type Given = (Vec<Option<Document>>, Vec<Option<Document>>, Vec<Vec<Option<Document>>>);

fn given() -> impl Strategy<Value = Given> {
    (vec(document(), 0..4), vec(document(), 0..2), vec(vec(document(), 0..3), 0..3))
}

fn policies(documents: &[Option<Document>]) -> Vec<Policy<'_>> {
    documents.iter().map(|document| Policy { name: "p", document: document.as_ref() }).collect()
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Said {
    Never,
    OnlyIf,
    Certain,
    Unknown,
}

/// The best answer of the evaluation for a permission on all targets that it is asked for.
fn evaluated(permission: &str, targets: &[Target], policies: &Policies<'_>) -> Said {
    let id = CATALOG.find(permission).unwrap();
    let permission = Permission::new(permission);
    let context = Context::unknown();
    let asked = targets.iter().filter(|target| target.permissions.contains(id)).map(|target| {
        let mut resource = Resource::new(target.resources.text()).in_account(ACCOUNT);
        if CATALOG.acts_on(id).is_empty() {
            resource.which = Which::None;
        }
        let caller = Caller::of(CALLER).unwrap();
        let request = Request { caller, permission: &permission, resource, context: &context };
        three_valued(&evaluate(&request, policies))
    });
    asked.max().unwrap_or(Said::Never)
}

/// The answer without what follows from several layers speaking of one unknown: sets do not see that.
fn three_valued(answer: &Answer<'_>) -> Said {
    let layers = [LayerKind::ServiceControl, LayerKind::Boundary, LayerKind::Identity];
    let through = layers.map(|layer| answer.layers.of(layer).allows).into_iter().min().unwrap();
    let said = match through.and(answer.layers.denies().not()) {
        Truth::Yes => Said::Certain,
        Truth::Open => Said::OnlyIf,
        Truth::No => Said::Never,
    };
    match answer.verdict {
        Verdict::Unknown => Said::Unknown,
        Verdict::Allowed => said.max(Said::OnlyIf),
        Verdict::Denied(_) => said.min(Said::OnlyIf),
        Verdict::OnlyIf(_) => Said::OnlyIf,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn sets_say_what_the_evaluation_says((identity, boundary, control) in given()) {
        let documents: Vec<&Option<Document>> =
            identity.iter().chain(&boundary).chain(control.iter().flatten()).collect();
        let (mut sets, mut unmatched) = (Sets::new(&CATALOG, 7), Vec::new());
        let mut reading = Reading::new(&mut sets, &mut unmatched);
        let numbered = (0u32..).map(PolicyId).zip(&documents);
        let parts: Vec<Parts<'_>> = numbered
            .map(|(id, document)| document.as_ref().map_or_else(Parts::unread, |one| reading.document(id, one)))
            .collect();
        let mut ids = (0u32..).map(PolicyId);
        let own: Vec<PolicyId> = ids.by_ref().take(identity.len()).collect();
        let limit = ids.by_ref().take(boundary.len()).last();
        let levels: Vec<Vec<PolicyId>> =
            control.iter().map(|level| ids.by_ref().take(level.len()).collect()).collect();
        let joined = Joined::new(&sets, &parts, Bearing { identity: &own, boundary: limit, control: &levels });
        let (certain, possible) = joined.sets();

        let (of_identity, of_boundary) = (policies(&identity), policies(&boundary));
        let of_control: Vec<Vec<Policy<'_>>> = control.iter().map(|level| policies(level)).collect();
        let of_control: Vec<Level<'_>> =
            of_control.iter().map(|policies| Level { name: "l", policies }).collect();
        let all = Policies {
            identity: &of_identity,
            boundary: &of_boundary,
            service_control: &of_control,
            ..Policies::default()
        };
        for permission in PERMISSIONS {
            let id = CATALOG.find(permission).unwrap();
            let said = match (certain.contains(id), possible.contains(id)) {
                (_, true) if joined.is_unread() => Said::Unknown,
                (true, _) => Said::Certain,
                (false, true) => Said::OnlyIf,
                (false, false) => Said::Never,
            };
            prop_assert_eq!(said, evaluated(permission, &joined.targets(), &all), "{}", permission);
        }
    }
}
