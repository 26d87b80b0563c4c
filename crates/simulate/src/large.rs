//! The export of one large account, for benches of the permission graph: roles, users, groups and policies with
//! statements, trust, boundaries and chains, in the shares that large accounts show; what it holds, and a log of what its
//! roles do.

mod data;
mod log;

pub use self::data::large_data;
pub use self::log::large_log;

use crate::random::{Random, Stream};
use crate::session::unique_id;
use crate::text::put;

/// The account.
const ACCOUNT: &str = "444455556666";

/// An account outside that some roles trust.
const OUTSIDE: &str = "777788889999";

/// How often things occur, per million.
const INLINE: u32 = 500_000;
const BOUNDARY: u32 = 100_000;
const CHAIN: u32 = 100_000;
const RISKY: u32 = 20_000;
const CONDITION: u32 = 100_000;
const DENY: u32 = 50_000;
const EVERYTHING: u32 = 250_000;
const BY_SERVICE: u32 = 700_000;
const USED: u32 = 600_000;

const SERVICES: [&str; 10] = [
    "lambda",
    "ec2",
    "ecs-tasks",
    "states",
    "events",
    "codebuild",
    "glue",
    "sagemaker",
    "cloudformation",
    "ssm",
];

/// Services with permissions that policies hand out.
const PERMISSIONS: [(&str, &[&str]); 12] = [
    ("s3", &["GetObject", "PutObject", "DeleteObject", "ListBucket", "Get*", "*"]),
    ("dynamodb", &["GetItem", "PutItem", "UpdateItem", "Query", "*"]),
    ("sqs", &["SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"]),
    ("sns", &["Publish", "Subscribe"]),
    ("kms", &["Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey"]),
    ("logs", &["CreateLogGroup", "CreateLogStream", "PutLogEvents", "*"]),
    ("lambda", &["InvokeFunction", "UpdateFunctionCode", "CreateFunction"]),
    ("secretsmanager", &["GetSecretValue", "ListSecrets", "PutSecretValue"]),
    ("ssm", &["GetParameter", "GetParameters", "SendCommand"]),
    ("ec2", &["Describe*", "RunInstances", "TerminateInstances", "CreateTags"]),
    ("states", &["StartExecution", "DescribeExecution"]),
    ("ecr", &["BatchGetImage", "PutImage", "GetAuthorizationToken"]),
];

/// Sets of permissions that lead to more than they say.
const ESCALATIONS: [&str; 12] = [
    r#""iam:CreatePolicyVersion""#,
    r#""iam:SetDefaultPolicyVersion""#,
    r#""iam:AttachRolePolicy""#,
    r#""iam:PutRolePolicy""#,
    r#""iam:PutUserPolicy""#,
    r#""iam:CreateAccessKey""#,
    r#""iam:AddUserToGroup""#,
    r#"["iam:UpdateAssumeRolePolicy","sts:AssumeRole"]"#,
    r#"["iam:PassRole","ec2:RunInstances"]"#,
    r#"["iam:PassRole","lambda:CreateFunction","lambda:InvokeFunction"]"#,
    r#"["iam:PassRole","glue:CreateDevEndpoint"]"#,
    r#""*""#,
];

/// Hands the export of an account of so many roles to the sink, piece by piece. A tenth as many users, a fiftieth as
/// many groups and a quarter as many managed policies go with them. The pieces together are one JSON document.
pub fn large_account(seed: u64, roles: u32, sink: &mut dyn FnMut(&[u8])) {
    let account = Large::of(seed, roles);
    let lists: [(&str, u32, WriteEntry); 4] = [
        (r#"{"UserDetailList":["#, (roles / 10).max(10), Large::user),
        (r#"],"GroupDetailList":["#, account.groups, Large::group),
        (r#"],"RoleDetailList":["#, roles, Large::role),
        (r#"],"Policies":["#, account.policies, Large::policy),
    ];
    let mut piece = Vec::new();
    for (begins, entries, write) in lists {
        sink(begins.as_bytes());
        for number in 0..entries {
            piece.clear();
            if number > 0 {
                piece.push(b',');
            }
            write(&account, number, &mut piece);
            sink(&piece);
        }
    }
    sink(br#"],"IsTruncated":false}"#);
}

/// Appends one entry of a list.
type WriteEntry = fn(&Large, u32, &mut Vec<u8>);

/// How large an account is.
#[derive(Debug)]
struct Large {
    seed: u64,
    roles: u32,
    policies: u32,
    groups: u32,
}

const CREATED: &str = "2025-02-03T04:05:06+00:00";

impl Large {
    fn of(seed: u64, roles: u32) -> Self {
        Self { seed, roles, policies: (roles / 4).max(10), groups: (roles / 50).max(5) }
    }

    fn random(&self, kind: u64, number: u32) -> Random {
        Random::of(self.seed, Stream::Policy, &[0x1a, kind, u64::from(number)])
    }

    fn id(&self, prefix: &str, number: u32) -> String {
        unique_id(prefix, self.seed, Stream::UniqueId, &[0x1a, u64::from(number)])
    }

    fn user(&self, number: u32, out: &mut Vec<u8>) {
        let (id, group) = (self.id("AIDA", number), self.random(1, number).below(u64::from(self.groups)));
        put(
            out,
            format_args!(
                r#"{{"Path":"/","UserName":"user-{number}","UserId":"{id}","Arn":"arn:aws:iam::{ACCOUNT}:user/user-{number}","CreateDate":"{CREATED}","GroupList":["group-{group}"],"AttachedManagedPolicies":[],"Tags":[]}}"#
            ),
        );
    }

    fn group(&self, number: u32, out: &mut Vec<u8>) {
        let id = self.id("AGPA", number);
        put(
            out,
            format_args!(
                r#"{{"Path":"/","GroupName":"group-{number}","GroupId":"{id}","Arn":"arn:aws:iam::{ACCOUNT}:group/group-{number}","CreateDate":"{CREATED}","GroupPolicyList":[],"AttachedManagedPolicies":["#
            ),
        );
        self.attachment(&mut self.random(2, number), out);
        out.extend_from_slice(b"]}");
    }

    fn role(&self, number: u32, out: &mut Vec<u8>) {
        let (id, mut random) = (self.id("AROA", number), self.random(3, number));
        put(
            out,
            format_args!(
                r#"{{"Path":"/","RoleName":"role-{number}","RoleId":"{id}","Arn":"arn:aws:iam::{ACCOUNT}:role/role-{number}","CreateDate":"{CREATED}","AssumeRolePolicyDocument":"#
            ),
        );
        self.trust(&mut random, out);
        out.extend_from_slice(br#","InstanceProfileList":[],"RolePolicyList":["#);
        if random.chance(INLINE) {
            out.extend_from_slice(br#"{"PolicyName":"inline","PolicyDocument":"#);
            self.document(&mut random, out);
            out.push(b'}');
        }
        out.extend_from_slice(br#"],"AttachedManagedPolicies":["#);
        for attached in 0..random.below(4) {
            if attached > 0 {
                out.push(b',');
            }
            self.attachment(&mut random, out);
        }
        out.push(b']');
        if random.chance(BOUNDARY) {
            let policy = random.below(u64::from(self.policies));
            put(
                out,
                format_args!(
                    r#","PermissionsBoundary":{{"PermissionsBoundaryType":"Policy","PermissionsBoundaryArn":"arn:aws:iam::{ACCOUNT}:policy/policy-{policy}"}}"#
                ),
            );
        }
        put(
            out,
            format_args!(
                r#","Tags":[{{"Key":"team","Value":"team-{}"}}],"RoleLastUsed":{{"#,
                random.below(50)
            ),
        );
        if random.chance(USED) {
            out.extend_from_slice(br#""LastUsedDate":"2026-09-01T00:00:00+00:00","Region":"us-east-1""#);
        }
        out.extend_from_slice(b"}}");
    }

    fn policy(&self, number: u32, out: &mut Vec<u8>) {
        let id = self.id("ANPA", number);
        put(
            out,
            format_args!(
                r#"{{"PolicyName":"policy-{number}","PolicyId":"{id}","Arn":"arn:aws:iam::{ACCOUNT}:policy/policy-{number}","Path":"/","DefaultVersionId":"v1","IsAttachable":true,"CreateDate":"{CREATED}","UpdateDate":"{CREATED}","PolicyVersionList":[{{"VersionId":"v1","IsDefaultVersion":true,"CreateDate":"{CREATED}","Document":"#
            ),
        );
        self.document(&mut self.random(4, number), out);
        out.extend_from_slice(b"}]}");
    }

    fn attachment(&self, random: &mut Random, out: &mut Vec<u8>) {
        let policy = random.below(u64::from(self.policies));
        put(
            out,
            format_args!(
                r#"{{"PolicyName":"policy-{policy}","PolicyArn":"arn:aws:iam::{ACCOUNT}:policy/policy-{policy}"}}"#
            ),
        );
    }

    /// Most roles trust a service, some another role, a few a whole account: this one or one outside.
    fn trust(&self, random: &mut Random, out: &mut Vec<u8>) {
        out.extend_from_slice(
            br#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"#,
        );
        if random.chance(BY_SERVICE) {
            put(out, format_args!(r#""Service":"{}.amazonaws.com""#, random.pick(&SERVICES)));
        } else {
            match random.below(5) {
                0 => put(out, format_args!(r#""AWS":"arn:aws:iam::{ACCOUNT}:root""#)),
                1 => put(out, format_args!(r#""AWS":"arn:aws:iam::{OUTSIDE}:root""#)),
                _ => put(out, format_args!(r#""AWS":"{}""#, self.role_arn(random))),
            }
        }
        out.extend_from_slice(b"}}]}");
    }

    fn role_arn(&self, random: &mut Random) -> String {
        format!("arn:aws:iam::{ACCOUNT}:role/role-{}", random.below(u64::from(self.roles)))
    }

    fn document(&self, random: &mut Random, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"Version":"2012-10-17","Statement":["#);
        for statement in 0..=random.below(5) {
            if statement > 0 {
                out.push(b',');
            }
            self.statement(random, out);
        }
        if random.chance(RISKY) {
            let permissions = random.pick(&ESCALATIONS);
            put(out, format_args!(r#",{{"Effect":"Allow","Action":{permissions},"Resource":"*"}}"#));
        }
        if random.chance(CHAIN) {
            out.extend_from_slice(br#",{"Effect":"Allow","Action":"sts:AssumeRole","Resource":["#);
            for role in 0..=random.below(4) {
                let between = if role > 0 { "," } else { "" };
                put(out, format_args!(r#"{between}"{}""#, self.role_arn(random)));
            }
            out.extend_from_slice(b"]}");
        }
        out.extend_from_slice(b"]}");
    }

    fn statement(&self, random: &mut Random, out: &mut Vec<u8>) {
        let (service, permissions) = random.pick(&PERMISSIONS);
        let effect = if random.chance(DENY) { "Deny" } else { "Allow" };
        put(out, format_args!(r#"{{"Effect":"{effect}","Action":["#));
        let first = random.bits();
        for more in 0..=random.below(3) {
            let permission = crate::random::nth(permissions, first.wrapping_add(more));
            put(out, format_args!(r#"{}"{service}:{permission}""#, if more > 0 { "," } else { "" }));
        }
        let thing = random.below(u64::from(self.roles));
        match (random.chance(EVERYTHING), service) {
            (true, _) => put(out, format_args!(r#"],"Resource":"*""#)),
            (false, "s3") => {
                put(out, format_args!(r#"],"Resource":["arn:aws:s3:::bucket-{}/*"]"#, thing / 5));
            }
            (false, _) => {
                put(out, format_args!(r#"],"Resource":["arn:aws:{service}:*:{ACCOUNT}:thing-{thing}*"]"#));
            }
        }
        if random.chance(CONDITION) {
            out.extend_from_slice(br#","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}"#);
        }
        out.push(b'}');
    }
}
