//! One evaluation, documents read and policies at hand: questions about roles of a large account, asked of this program
//! and of iam-simulate, which must agree.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use doorward_privilege::estate::{Estate, PolicyId, Principal, PrincipalKind};
use doorward_privilege::evaluate::{Policies, Policy, Verdict, evaluate};
use doorward_privilege::request::{Caller, Context, Permission, Request, Resource};
use serde_json::{Value, json};

use crate::cpu_time::CpuTime;
use crate::peers;
use crate::{estate, export};

const ROLES: u32 = 1_000;
/// Of so many roles.
const ASKED: usize = 100;
const ROUNDS: u32 = 200;
const PEER_ROUNDS: &str = "3";

/// Permissions with resources; `*` where a permission acts on none.
const QUESTIONS: [(&str, &str); 10] = [
    ("s3:GetObject", "arn:aws:s3:::bucket-3/a"),
    ("s3:ListAllMyBuckets", "*"),
    ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:444455556666:table/thing-5"),
    ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:444455556666:thing-7"),
    ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:444455556666:function:thing-9"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:444455556666:secret:thing-1"),
    ("ec2:DescribeInstances", "*"),
    ("iam:PassRole", "arn:aws:iam::444455556666:role/role-5"),
    ("ssm:GetParameter", "arn:aws:ssm:eu-west-1:444455556666:parameter/thing-2"),
    ("states:StartExecution", "arn:aws:states:eu-west-1:444455556666:stateMachine:thing-4"),
];

/// A role with its policies at hand.
struct Role<'a> {
    caller: Caller<'a>,
    identity: Vec<Policy<'a>>,
    boundary: Vec<Policy<'a>>,
}

impl<'a> Role<'a> {
    fn of(estate: &'a Estate, principal: &'a Principal) -> Self {
        let policy = |id: &PolicyId| {
            let policy = estate.policy(*id).unwrap();
            Policy { name: &policy.name, document: policy.document.document() }
        };
        Self {
            caller: Caller::of(principal.arn()).unwrap(),
            identity: principal.policies.iter().map(policy).collect(),
            boundary: principal.boundary.iter().map(policy).collect(),
        }
    }
}

/// Asks all questions of all roles once, and counts what is allowed.
fn round(roles: &[Role<'_>], questions: &[(Permission, Resource<'_>)], context: &Context) -> usize {
    let mut allowed = 0;
    for role in roles {
        let policies = Policies { identity: &role.identity, boundary: &role.boundary, ..Policies::default() };
        for (permission, resource) in questions {
            let request = Request { caller: role.caller, permission, resource: *resource, context };
            allowed += usize::from(evaluate(black_box(&request), &policies).verdict == Verdict::Allowed);
        }
    }
    allowed
}

pub(crate) fn measure() {
    let path = export(ROLES);
    let estate = estate(&path);
    let principals =
        estate.principals().map(|(_, one)| one).filter(|one| one.kind == PrincipalKind::Role).take(ASKED);
    let roles: Vec<Role<'_>> = principals.map(|one| Role::of(&estate, one)).collect();
    let resource = |arn| match arn {
        "*" => Resource::none(),
        arn => Resource::new(arn).in_account("444455556666"),
    };
    let questions = QUESTIONS.map(|(name, arn)| (Permission::new(name), resource(arn)));
    let context = Context::known();
    let allowed = round(&roles, &questions, &context);
    let clock = CpuTime::default();
    let before = clock.now();
    for _ in 0..ROUNDS {
        assert_eq!(round(&roles, &questions, &context), allowed);
    }
    let each = each(clock.now() - before, roles.len() * questions.len() * ROUNDS as usize);
    println!("privilege evaluation: cpu {each} allowed {allowed}");
    let names: Vec<&str> = roles.iter().filter_map(|role| role.caller.role()).collect();
    beside_iam_simulate(&path, &names, allowed);
}

fn each(time: Duration, evaluations: usize) -> u64 {
    u64::try_from(time.as_nanos()).unwrap() / u64::try_from(evaluations).unwrap()
}

/// The same questions, asked of iam-simulate with the documents as they stand in the export.
fn beside_iam_simulate(path: &Path, roles: &[&str], allowed: usize) {
    let Some(home) = peers::home("iam-simulate-0.1.173") else { return };
    let export: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let asked = path.with_extension("questions.json");
    let roles: Vec<Value> = roles.iter().map(|arn| documents(&export, arn)).collect();
    fs::write(&asked, json!({ "roles": roles, "questions": QUESTIONS }).to_string()).unwrap();
    let mut node = Command::new("node");
    let output =
        node.arg(peers::script("iam_simulate.mjs")).arg(home).arg(asked).arg(PEER_ROUNDS).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<u64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [evaluations, agreed, nanoseconds] = figures.as_slice() else {
        panic!("{said}{}", String::from_utf8_lossy(&output.stderr));
    };
    assert_eq!(usize::try_from(*agreed).unwrap(), allowed, "both allow the same");
    println!("privilege evaluation iam-simulate: cpu {}", nanoseconds / evaluations);
}

/// A role with its documents, as `benches/peers/iam_simulate.mjs` wants them.
fn documents(export: &Value, arn: &str) -> Value {
    let list =
        |value: &Value, at: &str| value.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default();
    let find =
        |at: &str, arn: &Value| list(export, at).into_iter().find(|one| one.get("Arn") == Some(arn)).unwrap();
    let managed =
        |arn: &Value| find("/Policies", arn).pointer("/PolicyVersionList/0/Document").cloned().unwrap();
    let role = find("/RoleDetailList", &arn.into());
    let inline =
        list(&role, "/RolePolicyList").into_iter().map(|one| one.get("PolicyDocument").cloned().unwrap());
    let attached =
        list(&role, "/AttachedManagedPolicies").into_iter().map(|one| managed(one.get("PolicyArn").unwrap()));
    json!({
        "arn": arn,
        "policies": inline.chain(attached).collect::<Vec<_>>(),
        "boundary": role.pointer("/PermissionsBoundary/PermissionsBoundaryArn").map(managed),
    })
}
