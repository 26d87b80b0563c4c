//! What kind of identity a user or role is, and whom it is compared with.
//!
//! A role is what its trust policy lets in:
//! 1. `AWSServiceRoleFor*`, or below `/aws-service-role/`: a service.
//! 2. `AWSReservedSSO_*`: a workload that persons use; the persons are identities of their own.
//! 3. Trusts Bedrock or AgentCore: an agent.
//! 4. Trusts a service that runs the customer's code: a workload; trusts only other services: a service.
//! 5. Trusts an OIDC or SAML provider: a workload.
//! 6. Trusts only other accounts: a third-party product.
//! 7. Everything else: a workload.
//!
//! A user is a person only where something says so (a password was used, an e-mail address or a given and family
//! name as user name, a tag), and nothing says that it is a program; the export does not say who logs in, so
//! that every other user is the account of a program until a sign-in is seen.

use doorward_model::identity::{Identity, IdentityKind};
use doorward_model::inventory::center;

/// Services that run the customer's code, by the first part of their name.
const COMPUTE: [&str; 30] = [
    "airflow",
    "airflow-env",
    "apprunner",
    "appstream",
    "batch",
    "build",
    "codebuild",
    "codepipeline",
    "cloudformation",
    "ec2",
    "ecs",
    "ecs-tasks",
    "edgelambda",
    "eks",
    "eks-fargate-pods",
    "elasticbeanstalk",
    "elasticmapreduce",
    "emr-serverless",
    "glue",
    "kinesisanalytics",
    "lambda",
    "pods",
    "proton",
    "rolesanywhere",
    "sagemaker",
    "scheduler",
    "ssm",
    "states",
    "synthetics",
    "tasks",
];

/// Services whose roles are agents.
const AGENTS: [&str; 2] = ["bedrock", "bedrock-agentcore"];

/// Words in the name of a user that say that it is a program.
const PROGRAM_WORDS: [&str; 18] = [
    "svc",
    "service",
    "bot",
    "ci",
    "cd",
    "cicd",
    "deploy",
    "deployer",
    "app",
    "api",
    "automation",
    "terraform",
    "jenkins",
    "github",
    "gitlab",
    "backup",
    "monitoring",
    "agent",
];

/// Tags that only a person has.
const PERSON_TAGS: [&str; 4] = ["email", "mail", "employee", "employeeid"];

/// See the module.
pub(crate) fn of_role(role: &Identity, path: &str) -> IdentityKind {
    if role.name.starts_with("AWSServiceRoleFor") || path.starts_with("/aws-service-role/") {
        return IdentityKind::Service;
    }
    if center::of_role(&role.name).is_some() {
        return IdentityKind::Workload;
    }
    let services = || role.trusted.iter().filter_map(|principal| service_name(principal));
    if services().any(|name| AGENTS.contains(&name)) {
        IdentityKind::Agent
    } else if services().any(|name| COMPUTE.contains(&name)) {
        IdentityKind::Workload
    } else if !role.trusted.is_empty()
        && role.trusted.iter().all(|principal| service_name(principal).is_some())
    {
        IdentityKind::Service
    } else if !role.trusted.is_empty()
        && role.trusted.iter().all(|principal| is_foreign(principal, &role.account))
    {
        IdentityKind::VendorApp
    } else {
        IdentityKind::Workload
    }
}

/// `lambda` of `lambda.amazonaws.com`, `logs` of `logs.eu-west-1.amazonaws.com`.
fn service_name(principal: &str) -> Option<&str> {
    let (name, _) = principal.split_once(".amazonaws.com")?;
    (!principal.starts_with("arn:")).then(|| name.split('.').next().unwrap_or(name))
}

/// Whether a principal is of another account.
fn is_foreign(principal: &str, account: &str) -> bool {
    let of = if principal.starts_with("arn:") {
        principal.split(':').nth(4).unwrap_or_default()
    } else {
        principal
    };
    let is_account = of.len() == 12 && of.bytes().all(|byte| byte.is_ascii_digit());
    let is_provider = principal.contains(":oidc-provider/") || principal.contains(":saml-provider/");
    is_account && of != account && !is_provider
}

/// See the module.
pub(super) fn of_user(user: &Identity) -> IdentityKind {
    let words = || user.name.split(|c: char| !c.is_ascii_alphabetic());
    let is_program = words().any(|word| PROGRAM_WORDS.contains(&&*word.to_ascii_lowercase()));
    let tagged = user.tags.keys().any(|key| PERSON_TAGS.contains(&&*key.to_ascii_lowercase()));
    let logged_in = user.last_used_at_ms != 0;
    let named = user.name.contains('@') || is_given_and_family(&user.name);
    if logged_in || (!is_program && (named || tagged)) { IdentityKind::Human } else { IdentityKind::Service }
}

fn is_given_and_family(name: &str) -> bool {
    let is_name = |part: &str| part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    name.split_once('.').is_some_and(|(given, family)| is_name(given) && is_name(family))
}

/// Users of the same first group are compared with each other.
pub(crate) fn user_peers(user: &Identity) -> String {
    match user.groups.iter().min() {
        Some(group) => format!("group:{group}"),
        None => format!("user:{}", collapsed(&user.name)),
    }
}

/// Roles of one permission set, or whose names differ in numbers and ids only, are compared with each other.
pub(crate) fn role_peers(name: &str) -> String {
    match center::of_role(name) {
        Some(set) => format!("permission-set:{set}"),
        None => format!("role:{}", collapsed(name)),
    }
}

/// The name with each part that holds a number or is an id replaced by a star, and no two stars in a row.
fn collapsed(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while !rest.is_empty() {
        let end = rest.find(is_separator).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        out.push_str(&collapsed_word(word));
        let mut chars = after.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_' | '.' | '/' | '@' | '+' | '=' | ',')
}

/// An id has letters and digits mixed and is long, or is made of hexadecimal digits; else only digits go.
fn collapsed_word(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_id = digits > 0 && word.len() >= 8 && digits < word.len();
    if digits == 0 {
        return word.to_owned();
    }
    if is_id {
        return "*".to_owned();
    }
    let mut out = String::new();
    for c in word.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('*') {
            out.push('*');
        }
    }
    out
}
