//! What holds of every evaluation, whatever the policies.

use doorward_privilege::document::{Document, Effect};
use doorward_privilege::evaluate::{Answer, Level, Policies, Policy, Verdict, evaluate};
use doorward_privilege::request::{Caller, Context, Known, Permission, Request, Resource};
use doorward_privilege::truth::Truth;
use proptest::prelude::*;
use proptest::sample::select;

/// A document for each layer that may have one.
#[derive(Clone, Debug)]
struct World {
    identity: Vec<Document>,
    boundary: Vec<Document>,
    session: Vec<Document>,
    service_control: Vec<Document>,
    resource_control: Vec<Document>,
    endpoint: Vec<Document>,
    resource: Vec<Document>,
}

/// A question about the world.
#[derive(Clone, Debug)]
struct Question {
    caller: &'static str,
    permission: &'static str,
    resource: &'static str,
    account: &'static str,
}

const KEYS: [&str; 3] = ["aws:SourceVpc", "aws:SecureTransport", "x:Size"];

/// What may be known of each key.
const VALUES: [[Option<&str>; 3]; 3] = [
    [None, Some("vpc-1"), Some("vpc-2")],
    [None, Some("true"), Some("false")],
    [None, Some("5"), Some("50")],
];

fn condition() -> impl Strategy<Value = &'static str> {
    // Much applies, so that much is allowed and may be taken away.
    let none = [r#"{}"#; 12];
    let some = [
        r#"{"StringEquals":{"aws:SourceVpc":"vpc-1"}}"#,
        r#"{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}"#,
        r#"{"StringLikeIfExists":{"aws:SourceVpc":"vpc-?"}}"#,
        r#"{"Bool":{"aws:SecureTransport":"true"}}"#,
        r#"{"BoolIfExists":{"aws:SecureTransport":"false"}}"#,
        r#"{"Null":{"x:Size":"true"}}"#,
        r#"{"NumericLessThan":{"x:Size":"10"},"Null":{"aws:SourceVpc":"false"}}"#,
        r#"{"ForAllValues:StringEquals":{"aws:SourceVpc":"vpc-1"}}"#,
        r#"{"ForAnyValue:StringNotEquals":{"aws:SourceVpc":["vpc-1"]},"NumericGreaterThanEquals":{"x:Size":"10"}}"#,
    ];
    select([&none[..], &some[..]].concat())
}

fn statement() -> impl Strategy<Value = String> {
    let effect = select(vec!["Allow", "Allow", "Deny"]);
    let action = select(vec![
        r#""Action":"*""#,
        r#""Action":"*""#,
        r#""Action":"*""#,
        r#""Action":"s3:*""#,
        r#""Action":["s3:GetObject","sts:*"]"#,
        r#""NotAction":"s3:Put*""#,
        r#""Action":"kms:*""#,
    ]);
    let resource = select(vec![
        r#""Resource":"*""#,
        r#""Resource":"*""#,
        r#""Resource":"*""#,
        r#""Resource":"arn:aws:s3:::b/*""#,
        r#""Resource":["arn:aws:s3:::b/p/*","arn:aws:kms"]"#,
        r#""NotResource":"arn:aws:s3:::b/p/*""#,
        r#""Resource":"arn:aws:s3:::b/${aws:SourceVpc}/*""#,
    ]);
    let principal = select(vec![
        r#""Principal":"*""#,
        r#""Principal":{"AWS":"111111111111"}"#,
        r#""Principal":{"AWS":["arn:aws:iam::111111111111:role/r","arn:aws:iam::111111111111:user/u"]}"#,
        r#""Principal":{"AWS":"arn:aws:sts::111111111111:assumed-role/r/s"}"#,
        r#""NotPrincipal":{"AWS":"arn:aws:iam::111111111111:user/u"}"#,
        r#""Principal":{"Service":"ec2.amazonaws.com"}"#,
    ]);
    (effect, action, resource, principal, condition()).prop_map(
        |(effect, action, resource, principal, condition)| {
            format!(r#"{{"Effect":"{effect}",{action},{resource},{principal},"Condition":{condition}}}"#)
        },
    )
}

fn document() -> impl Strategy<Value = Document> {
    prop::collection::vec(statement(), 1..4).prop_map(|statements| {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        Document::read(&text).unwrap()
    })
}

fn documents(most: usize) -> impl Strategy<Value = Vec<Document>> {
    prop::collection::vec(document(), 0..=most)
}

fn limit(most: usize) -> impl Strategy<Value = Vec<Document>> {
    prop_oneof![4 => Just(Vec::new()), 1 => documents(most)]
}

fn world() -> impl Strategy<Value = World> {
    // What limits is there now and then: where all of it is, hardly anything is allowed.
    let all = (documents(3), limit(1), limit(1), limit(2), limit(2), limit(1), documents(1));
    all.prop_map(|(identity, boundary, session, service_control, resource_control, endpoint, resource)| {
        World { identity, boundary, session, service_control, resource_control, endpoint, resource }
    })
}

fn question() -> impl Strategy<Value = Question> {
    let caller = select(vec![
        "arn:aws:iam::111111111111:user/u",
        "arn:aws:iam::111111111111:role/r",
        "arn:aws:sts::111111111111:assumed-role/r/s",
        "arn:aws:iam::111111111111:root",
        "ec2.amazonaws.com",
        "*",
    ]);
    let on = select(vec![
        ("s3:GetObject", "arn:aws:s3:::b/p/k"),
        ("s3:PutObject", "arn:aws:s3:::b/vpc-1/k"),
        ("s3:GetObject", "arn:aws:s3:::b/*"),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:111111111111:key/1"),
        ("sts:AssumeRole", "arn:aws:iam::111111111111:role/x"),
    ]);
    let account = select(vec!["111111111111", "222222222222"]);
    (caller, on, account).prop_map(|(caller, (permission, resource), account)| Question {
        caller,
        permission,
        resource,
        account,
    })
}

/// Which of [`VALUES`] each key has; `None` is not known.
fn knowledge() -> impl Strategy<Value = [Option<usize>; 3]> {
    prop::array::uniform3(prop::option::of(0usize..3))
}

fn context(knowledge: [Option<usize>; 3]) -> Context {
    let mut context = Context::unknown();
    for (key, (values, known)) in KEYS.into_iter().zip(VALUES.into_iter().zip(knowledge)) {
        match known.map(|place| values[place]) {
            None => {}
            Some(None) => context.set(key, Known::Absent),
            Some(Some(value)) => context.set(key, Known::Values(vec![value.into()])),
        }
    }
    context
}

fn lend(documents: &[Document]) -> Vec<Policy<'_>> {
    documents.iter().map(|document| Policy { name: "", document: Some(document) }).collect()
}

fn singles(documents: &[Document]) -> Vec<Vec<Policy<'_>>> {
    documents.iter().map(|document| lend(std::slice::from_ref(document))).collect()
}

/// Calls with the answer to a question, the request and the policies.
fn ask<T>(
    world: &World,
    question: &Question,
    context: &Context,
    take: impl FnOnce(&Answer<'_>, &Request<'_>, &Policies<'_>) -> T,
) -> T {
    let (service, control) = (singles(&world.service_control), singles(&world.resource_control));
    let level = |policies| Level { name: "", policies };
    let service: Vec<Level<'_>> = service.iter().map(|one| level(one)).collect();
    let control: Vec<Level<'_>> = control.iter().map(|one| level(one)).collect();
    let policies = Policies {
        identity: &lend(&world.identity),
        boundary: &lend(&world.boundary),
        session: &lend(&world.session),
        service_control: &service,
        resource_control: &control,
        endpoint: &lend(&world.endpoint),
        resource: &lend(&world.resource),
    };
    let permission = Permission::new(question.permission);
    let request = Request {
        caller: Caller::of(question.caller).unwrap(),
        permission: &permission,
        resource: Resource::new(question.resource).in_account(question.account),
        context,
    };
    take(&evaluate(&request, &policies), &request, &policies)
}

/// How much a verdict lets through.
fn truth(world: &World, question: &Question, context: &Context) -> Truth {
    ask(world, question, context, |answer, _, _| match &answer.verdict {
        Verdict::Allowed => Truth::Yes,
        Verdict::OnlyIf(_) | Verdict::Unknown => Truth::Open,
        Verdict::Denied(_) => Truth::No,
    })
}

/// The documents of a world, each with the layer that it stands in.
fn lists(world: &mut World) -> [&mut Vec<Document>; 7] {
    let World { identity, boundary, session, service_control, resource_control, endpoint, resource } = world;
    [identity, boundary, session, service_control, resource_control, endpoint, resource]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_further_denial_never_allows_more(
        before in world(), question in question(), known in knowledge(), added in document(), layer in 0usize..7
    ) {
        let mut after = before.clone();
        let mut added = added;
        for statement in &mut added.statements {
            statement.effect = Effect::Deny;
        }
        // A further level or limit would also have to allow: only statements are added.
        if let Some(document) = lists(&mut after)[layer].first_mut() {
            document.statements.extend(added.statements);
        }
        let context = context(known);
        prop_assert!(truth(&after, &question, &context) <= truth(&before, &question, &context));
    }

    #[test]
    fn without_an_allow_never_more_is_allowed(
        before in world(),
        question in question(),
        known in knowledge(),
        layer in select(vec![0usize, 0, 0, 0, 1, 2, 3, 4, 5, 6]),
        place in 0usize..3
    ) {
        let mut after = before.clone();
        if let Some(document) = lists(&mut after)[layer].first_mut()
            && document.statements.get(place).is_some_and(|statement| statement.effect == Effect::Allow)
        {
            document.statements.remove(place);
        }
        let context = context(known);
        prop_assert!(truth(&after, &question, &context) <= truth(&before, &question, &context));
    }

    #[test]
    fn the_order_of_statements_and_documents_does_not_matter(
        before in world(), question in question(), known in knowledge(), full in knowledge()
    ) {
        let mut after = before.clone();
        for documents in lists(&mut after) {
            documents.reverse();
            documents.iter_mut().for_each(|document| document.statements.reverse());
        }
        let context_known = context(known);
        prop_assert_eq!(
            truth(&after, &question, &context_known),
            truth(&before, &question, &context_known)
        );
        // What they depend on is the same, too: it comes out alike when more is known.
        let more = context(std::array::from_fn(|place| known[place].or(full[place])));
        let under = |world: &World| ask(world, &question, &context_known, |answer, request, policies| {
            match &answer.verdict {
                Verdict::OnlyIf(requirement) => requirement.holds(&Request { context: &more, ..*request }, policies),
                _ => Truth::Open,
            }
        });
        prop_assert_eq!(under(&after), under(&before));
    }

    #[test]
    fn what_an_answer_depends_on_decides_when_more_is_known(
        world in world(), question in question(), known in knowledge(), full in knowledge()
    ) {
        let more = context(std::array::from_fn(|place| known[place].or(full[place])));
        let then = truth(&world, &question, &more);
        ask(&world, &question, &context(known), |answer, request, policies| {
            match &answer.verdict {
                Verdict::Allowed => prop_assert_eq!(then, Truth::Yes),
                Verdict::Denied(_) => prop_assert_eq!(then, Truth::No),
                Verdict::OnlyIf(requirement) => {
                    let holds = requirement.holds(&Request { context: &more, ..*request }, policies);
                    // Parts that stay open may together leave nothing open, which one by one they do not show.
                    prop_assert!(holds == then || holds == Truth::Open, "{} and not {:?}", requirement, then);
                }
                Verdict::Unknown => prop_assert!(false, "nothing is unreadable"),
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_is_unreadable_is_never_allowed(world in world(), question in question(), known in knowledge(), layer in 0usize..7) {
        let context = context(known);
        let is_allowed = ask(&world, &question, &context, |_, request, policies| {
            let gone = Policy { name: "gone", document: None };
            let level = Level { name: "", policies: &[gone] };
            let mut policies = *policies;
            let one = [gone];
            let levels = [level];
            match layer {
                0 => policies.identity = &one,
                1 => policies.boundary = &one,
                2 => policies.session = &one,
                3 => policies.service_control = &levels,
                4 => policies.resource_control = &levels,
                5 => policies.endpoint = &one,
                _ => policies.resource = &one,
            }
            evaluate(request, &policies).verdict == Verdict::Allowed
        });
        // Control policies do not limit everybody, and then need not be readable.
        let is_limited = layer != 3 || question.caller.starts_with("arn:");
        prop_assert!(!is_allowed || !is_limited);
    }
}
