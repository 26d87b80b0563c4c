//! Methods by way of services: which roles let a service in, and on which of the things that there are.

use doorward_privilege::answers::{self, Escalation};
use doorward_privilege::atlas::Atlas;

use crate::analysis::told;
use crate::support::{ACCOUNT, Rows, atlas};

const ALL: &str = r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#;

/// The trust of a service in these words of STS.
fn trust(principal: &str, actions: &str) -> String {
    format!(r#"[{{"Effect":"Allow","Principal":{principal},"Action":{actions}}}]"#)
}

/// The escalation of a user with these statements, where a role with all rights has this trust policy.
fn escalates(rows: Rows, (principal, actions): (&str, &str), statements: &str) -> (Escalation, Vec<String>) {
    let rows = rows.trusting("admin", &trust(principal, actions), ALL).user("ann", statements);
    let (escalation, _, methods) = told(&atlas(rows.estate()), "/ann");
    (escalation, methods)
}

#[test]
fn a_service_that_tags_its_sessions_must_be_allowed_to() {
    let cluster = format!("arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/c");
    let rows = Rows::new().resource("eks:cluster", &cluster);
    let may = r#"[{"Effect":"Allow","Action":["iam:PassRole","eks:CreateAccessEntry","eks:AssociateAccessPolicy",
        "eks:CreatePodIdentityAssociation"],"Resource":"*"}]"#;
    let pods = r#"{"Service":"pods.eks.amazonaws.com"}"#;
    let of_pods = |actions| escalates(rows.clone(), (pods, actions), may);
    // The other methods miss a pod and a node with a role.
    let methods = ["eks-101", "eks-102", "eks-103"].map(str::to_owned);
    assert_eq!(of_pods(r#""sts:AssumeRole""#), (Escalation::Latent, methods.to_vec()));
    let both = of_pods(r#"["sts:AssumeRole","sts:TagSession"]"#);
    assert_eq!(both, (Escalation::Now, vec!["eks-103".to_owned()]));

    let may = r#"[{"Effect":"Allow","Action":["iam:PassRole","rolesanywhere:CreateTrustAnchor",
        "rolesanywhere:CreateProfile"],"Resource":"*"}]"#;
    let anywhere = r#"{"Service":"rolesanywhere.amazonaws.com"}"#;
    let of_anywhere = |actions| escalates(Rows::new(), (anywhere, actions), may);
    let method = vec!["rolesanywhere-101".to_owned()];
    let two = r#"["sts:AssumeRole","sts:TagSession"]"#;
    assert_eq!(of_anywhere(two), (Escalation::Latent, method.clone()));
    assert_eq!(of_anywhere(r#""sts:*""#), (Escalation::Now, method));
}

#[test]
fn a_role_of_an_identity_pool_trusts_it_as_one_that_vouches() {
    let pool = format!("arn:aws:cognito-identity:eu-west-1:{ACCOUNT}:identitypool/eu-west-1:p");
    let rows = Rows::new().resource("cognito-identity:identitypool", &pool);
    let may = r#"[{"Effect":"Allow","Action":["iam:PassRole","cognito-identity:SetIdentityPoolRoles"],"Resource":"*"}]"#;
    let of = |actions| {
        escalates(rows.clone(), (r#"{"Federated":"cognito-identity.amazonaws.com"}"#, actions), may)
    };
    let method = vec!["cognitoidentity-001".to_owned()];
    assert_eq!(of(r#""sts:AssumeRoleWithWebIdentity""#), (Escalation::Now, method.clone()));
    assert_eq!(of(r#""sts:AssumeRole""#), (Escalation::Latent, method));
}

#[test]
fn a_service_comes_for_a_thing_of_the_account_of_the_role() {
    let may = r#"[{"Effect":"Allow","Action":["iam:PassRole","lambda:CreateFunction","lambda:InvokeFunction"],"Resource":"*"}]"#;
    let of = |condition: &str| {
        let trust = format!(
            r#"[{{"Effect":"Allow","Principal":{{"Service":"lambda.amazonaws.com"}},"Action":"sts:AssumeRole","Condition":{condition}}}]"#
        );
        let rows = Rows::new().trusting("admin", &trust, ALL).user("ann", may);
        told(&atlas(rows.estate()), "/ann").0
    };
    for (condition, expected) in [
        (r#"{"StringEquals":{"aws:SourceAccount":"444455556666"}}"#, Escalation::Latent),
        (r#"{"StringLike":{"aws:SourceAccount":["4444*","5555*"]}}"#, Escalation::Latent),
        (r#"{"StringLike":{"aws:SourceAccount":["4444*","1111*"]}}"#, Escalation::Now),
        (r#"{"StringEquals":{"aws:SourceAccount":"111122223333"}}"#, Escalation::Now),
        (r#"{"StringEqualsIfExists":{"aws:SourceAccount":"444455556666"}}"#, Escalation::Now),
        (r#"{"ForAllValues:StringEquals":{"aws:SourceAccount":"444455556666"}}"#, Escalation::Now),
        (r#"{"StringEquals":{"aws:SourceAccount":"${aws:ResourceAccount}"}}"#, Escalation::Now),
        (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:lambda:*:444455556666:function:*"}}"#, Escalation::Latent),
        (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:lambda:*:111122223333:function:*"}}"#, Escalation::Now),
        (r#"{"ArnLike":{"aws:SourceArn":"arn:aws:lambda:*:*:function:*"}}"#, Escalation::Now),
        (
            r#"{"ArnLike":{"aws:SourceArn":["arn:aws:lambda:*:444455556666:*","arn:aws:s3:::bucket"]}}"#,
            Escalation::Now,
        ),
        // Who compares texts lets a star stand for colons, too.
        (r#"{"StringLike":{"aws:SourceArn":"arn:aws:lambda:*:444455556666:function:*"}}"#, Escalation::Now),
    ] {
        assert_eq!(of(condition), expected, "{condition}");
    }
}

fn job(name: &str) -> String {
    format!("arn:aws:glue:eu-west-1:{ACCOUNT}:job/{name}")
}

/// Of a user who may update one job and start another, where these jobs are there.
fn with_jobs(jobs: &[&str], update: &str, start: &str) -> Atlas {
    let statements = format!(
        r#"[{{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}},
            {{"Effect":"Allow","Action":"glue:UpdateJob","Resource":"{}"}},
            {{"Effect":"Allow","Action":"glue:StartJobRun","Resource":"{}"}}]"#,
        job(update),
        job(start)
    );
    let rows = jobs.iter().fold(Rows::new(), |rows, name| rows.resource("glue:job", &job(name)));
    let rows =
        rows.trusting("admin", &trust(r#"{"Service":"glue.amazonaws.com"}"#, r#""sts:AssumeRole""#), ALL);
    atlas(rows.user("ann", &statements).estate())
}

#[test]
fn what_is_needed_on_an_existing_thing_is_asked_on_those_that_exist() {
    let missing = |atlas: &Atlas| {
        let all = answers::principals(atlas);
        let ann = all.into_iter().find(|one| one.arn.ends_with("/ann")).unwrap();
        let paths = ann.paths.into_iter().map(|path| (path.id, path.missing));
        (ann.escalation, paths.collect::<Vec<_>>())
    };
    let latent = |what: &str| (Escalation::Latent, vec![("glue-005".to_owned(), Some(what.to_owned()))]);
    assert_eq!(missing(&with_jobs(&[], "*", "*")), latent("a Glue job"));
    let on_which = "a Glue job on which it may do this";
    assert_eq!(missing(&with_jobs(&["a", "b"], "c", "c")), latent(on_which));
    // Both are needed on the same one.
    assert_eq!(missing(&with_jobs(&["a", "b"], "a", "b")), latent(on_which));
    let now = (Escalation::Now, vec![("glue-005".to_owned(), None)]);
    assert_eq!(missing(&with_jobs(&["a", "b"], "*", "b")), now);
}

#[test]
fn a_step_by_an_existing_thing_is_explained_by_what_is_allowed_there() {
    let atlas = with_jobs(&["a", "b"], "b", "*");
    let all = answers::principals(&atlas);
    let ann = all.iter().find(|one| one.arn.ends_with("/ann")).unwrap();
    let own = format!("arn:aws:iam::{ACCOUNT}:user/ann inline:own statement");
    let expected = ["1", "2", "3"].map(|number| format!("{own} {number}"));
    assert_eq!(ann.paths[0].hops[0].statement, expected);
}
