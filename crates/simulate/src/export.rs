//! What `aws iam get-account-authorization-details` says of an account.

use std::fmt::Write as _;

use doorward_model::time::{Millis, Time};

use crate::day::drill::EMERGENCY_USER;
use crate::day::person::ADMIN_ROLE;
use crate::day::pipeline::STACK_ROLE;
use crate::day::platform::LINKED;
use crate::departments::DEPARTMENTS;
use crate::organisation::{Account, Class, Member, Organisation};
use crate::random::{Random, Stream, letters};
use crate::session::{provider, unique_id};

/// Pieces of an export.
#[derive(Debug, Default)]
struct Parts {
    users: Vec<String>,
    roles: Vec<String>,
}

impl Organisation {
    /// The export of the account at a place, as JSON; an account that is not there is empty.
    #[must_use]
    pub fn export(&self, account: u32) -> Vec<u8> {
        let members: Vec<Member> = self.members().filter(|member| member.account == account).collect();
        self.export_of(self.account_at(account), &members)
    }

    /// The export of an account of which the members are known.
    pub(crate) fn export_of(&self, account: &Account, members: &[Member]) -> Vec<u8> {
        let mut parts = Parts::default();
        self.fixed_roles(account, &mut parts);
        if account.index == 0 {
            parts.users.push(self.emergency_user(account));
        }
        for &member in members {
            match member.class {
                Class::User => parts.users.push(self.user_detail(account, member)),
                Class::Person | Class::CodingAgent => {}
                Class::Pipeline
                | Class::Vendor
                | Class::Function
                | Class::Container
                | Class::Instance
                | Class::Agent => parts.roles.push(self.role_detail(account, member)),
            }
        }
        let (users, roles) = (parts.users.join(","), parts.roles.join(","));
        let groups = self.groups(account);
        let policies = self.policies(account, &[&users, &groups, &roles]);
        format!(
            r#"{{"UserDetailList":[{users}],"GroupDetailList":[{groups}],"RoleDetailList":[{roles}],"Policies":[{policies}],"IsTruncated":false}}"#
        )
        .into_bytes()
    }

    /// The roles that every account has.
    fn fixed_roles(&self, account: &Account, parts: &mut Parts) {
        let management = &self.account_at(0).id;
        for department in DEPARTMENTS {
            let set = department.permission_set;
            let full = self.reserved_role(account.index, set);
            let trust = format!(
                r#"{{"Effect":"Allow","Principal":{{"Federated":"arn:aws:iam::{}:saml-provider/AWSSSO_{:016x}_DO_NOT_DELETE"}},"Action":["sts:AssumeRoleWithSAML","sts:TagSession"],"Condition":{{"StringEquals":{{"SAML:aud":"https://signin.aws.amazon.com/saml"}}}}}}"#,
                account.id,
                self.hash(Stream::Policy, account.index)
            );
            let policy = format!("arn:aws:iam::aws:policy/{}", department.policy);
            let id = self.reserved_role_id(account.index, set);
            parts.roles.push(
                self.role(account, &Role { full: &full, id, trust, attached: &[policy], ..Role::default() }),
            );
        }
        let admin = format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"*"}},"Action":["sts:AssumeRole","sts:SetSourceIdentity"],"Condition":{{"StringEquals":{{"aws:PrincipalOrgID":"o-corp{management}"}},"ArnLike":{{"aws:PrincipalArn":"arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_AdministratorAccess_*"}}}}}}"#
        );
        let stack = service_trust("cloudformation");
        for (name, trust) in [(ADMIN_ROLE, admin), (STACK_ROLE, stack)] {
            let (full, id) = (format!("/{name}"), self.fixed_role_id(account.index, name));
            let attached = ["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()];
            parts.roles.push(
                self.role(account, &Role { full: &full, id, trust, attached: &attached, ..Role::default() }),
            );
        }
        for linked in LINKED {
            let full = format!("/aws-service-role/{}.amazonaws.com/{}", linked.service, linked.role);
            let id = self.fixed_role_id(account.index, linked.role);
            let attached = [format!("arn:aws:iam::aws:policy/aws-service-role/{}Policy", linked.role)];
            let trust = service_trust(linked.service);
            parts.roles.push(
                self.role(account, &Role { full: &full, id, trust, attached: &attached, ..Role::default() }),
            );
        }
    }

    fn role_detail(&self, account: &Account, member: Member) -> String {
        let trust = self.trust(account, member);
        let (stem, full) = (self.stem(member), format!("/{}", self.name(member)));
        let deploys = member.class == Class::Pipeline;
        let rights = if deploys { DEPLOY_RIGHTS.to_vec() } else { self.habit(member).rights.to_vec() };
        let statement =
            statement(&rights, &resources(account, &stem, deploys || member.class == Class::Vendor));
        let attached = match member.class {
            Class::Pipeline => vec![format!("arn:aws:iam::{}:policy/deploy-permissions", account.id)],
            Class::Instance => vec!["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore".to_owned()],
            _ => Vec::new(),
        };
        let bounded = matches!(member.class, Class::Function | Class::Container | Class::Agent);
        let profile = member.class == Class::Instance;
        let id = self.unique_id(member);
        let team = format!(r#"{{"Key":"team","Value":"{}"}},{{"Key":"app","Value":"{stem}"}}"#, account.name);
        self.role(
            account,
            &Role {
                full: &full,
                id,
                trust,
                inline: &statement,
                attached: &attached,
                bounded,
                profile,
                tags: &team,
            },
        )
    }

    fn trust(&self, account: &Account, member: Member) -> String {
        match member.class {
            Class::Function => service_trust("lambda"),
            Class::Container => service_trust("ecs-tasks"),
            Class::Instance => service_trust("ec2"),
            Class::Agent => service_trust("bedrock-agentcore"),
            Class::Pipeline => format!(
                r#"{{"Effect":"Allow","Principal":{{"Federated":"{}"}},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{"StringEquals":{{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"{}"}}}}}}"#,
                provider(&account.id),
                self.subject(member)
            ),
            Class::Vendor | Class::Person | Class::User | Class::CodingAgent => format!(
                r#"{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{}:root"}},"Action":"sts:AssumeRole","Condition":{{"StringEquals":{{"sts:ExternalId":"{}"}}}}}}"#,
                self.vendor(member.ordinal).account,
                self.external_id(member)
            ),
        }
    }

    fn role(&self, account: &Account, role: &Role<'_>) -> String {
        let (path, name) = role.full.rsplit_once('/').map_or(("", role.full), |(path, name)| (path, name));
        let (created, used) = self.dates(&role.id);
        let (id, full, profile_id) =
            (&role.id, role.full, unique_id("AIPA", 0, Stream::UniqueId, &[letters(&role.id)]));
        let arn = format!("arn:aws:iam::{}:role{full}", account.id);
        let mut out = format!(
            r#"{{"Path":"{path}/","RoleName":"{name}","RoleId":"{id}","Arn":"{arn}","CreateDate":"{created}","AssumeRolePolicyDocument":{}"#,
            document(account, &role.trust)
        );
        if role.profile {
            put(
                &mut out,
                format_args!(
                    r#","InstanceProfileList":[{{"Path":"/","InstanceProfileName":"{name}","InstanceProfileId":"{profile_id}","Arn":"arn:aws:iam::{}:instance-profile/{name}","CreateDate":"{created}","Roles":[]}}]"#,
                    account.id
                ),
            );
        } else {
            out.push_str(r#","InstanceProfileList":[]"#);
        }
        put(
            &mut out,
            format_args!(
                r#","RolePolicyList":[{}],"AttachedManagedPolicies":[{}]"#,
                inline(account, role.inline),
                attachments(role.attached)
            ),
        );
        if role.bounded {
            put(
                &mut out,
                format_args!(
                    r#","PermissionsBoundary":{{"PermissionsBoundaryType":"Policy","PermissionsBoundaryArn":"arn:aws:iam::{}:policy/workload-boundary"}}"#,
                    account.id
                ),
            );
        }
        let region = account.regions.first().copied().unwrap_or_default();
        put(
            &mut out,
            format_args!(
                r#","Tags":[{}],"RoleLastUsed":{{"LastUsedDate":"{used}","Region":"{region}"}}}}"#,
                role.tags
            ),
        );
        out
    }

    fn user_detail(&self, account: &Account, member: Member) -> String {
        let (name, id, stem) = (self.name(member), self.unique_id(member), self.stem(member));
        let (created, _) = self.dates(&id);
        let arn = format!("arn:aws:iam::{}:user/{name}", account.id);
        let statement = statement(self.habit(member).rights, &resources(account, &stem, false));
        format!(
            r#"{{"Path":"/","UserName":"{name}","UserId":"{id}","Arn":"{arn}","CreateDate":"{created}","UserPolicyList":[{}],"GroupList":["service-accounts"],"AttachedManagedPolicies":[],"Tags":[{{"Key":"app","Value":"{stem}"}}]}}"#,
            inline(account, &statement)
        )
    }

    fn emergency_user(&self, account: &Account) -> String {
        let id = self.emergency_id();
        let (created, _) = self.dates(&id);
        let arn = format!("arn:aws:iam::{}:user/{EMERGENCY_USER}", account.id);
        let rights = attachments(&["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()]);
        format!(
            r#"{{"Path":"/","UserName":"{EMERGENCY_USER}","UserId":"{id}","Arn":"{arn}","CreateDate":"{created}","GroupList":[],"AttachedManagedPolicies":[{rights}],"Tags":[]}}"#
        )
    }

    /// When a thing was made, and when it was last used as the export was taken: just before the span.
    fn dates(&self, id: &str) -> (Time, Time) {
        let mut random = Random::of(self.plan.seed, Stream::Policy, &[letters(id), 3]);
        let mut before = |days: u64| {
            let seconds = i64::try_from(random.below(days * 86_400)).unwrap_or_default();
            self.plan.day_start(0) - Millis::SECOND.times(seconds)
        };
        let (used, made) = (before(3), before(700));
        (made - Millis::DAY.times(4), used)
    }

    fn groups(&self, account: &Account) -> String {
        let (created, _) = self.dates("AGPA-service-accounts");
        let id = unique_id("AGPA", self.plan.seed, Stream::UniqueId, &[u64::from(account.index), 8]);
        format!(
            r#"{{"Path":"/","GroupName":"service-accounts","GroupId":"{id}","Arn":"arn:aws:iam::{}:group/service-accounts","CreateDate":"{created}","GroupPolicyList":[],"AttachedManagedPolicies":[{}]}}"#,
            account.id,
            attachments(&[format!("arn:aws:iam::{}:policy/deny-console", account.id)])
        )
    }

    /// The policies of an account, each with how often these hold it.
    fn policies(&self, account: &Account, holders: &[&str]) -> String {
        let own = |name: &str| format!("arn:aws:iam::{}:policy/{name}", account.id);
        let aws = |name: &str| format!("arn:aws:iam::aws:policy/{name}");
        let all = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
        let boundary =
            r#"{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"}"#;
        let deploy = r#"{"Effect":"Allow","Action":["cloudformation:*","lambda:*","ecs:*","ecr:*"],"Resource":"*"},{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":["lambda.amazonaws.com","ecs-tasks.amazonaws.com","cloudformation.amazonaws.com"]}}}"#;
        let console =
            r#"{"Effect":"Deny","Action":["iam:CreateLoginProfile","iam:ChangePassword"],"Resource":"*"}"#;
        let reading = r#"{"Effect":"Allow","Action":["*:Describe*","*:Get*","*:List*"],"Resource":"*"}"#;
        let power = r#"{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},{"Effect":"Allow","Action":["iam:CreateServiceLinkedRole","iam:ListRoles"],"Resource":"*"}"#;
        let core = r#"{"Effect":"Allow","Action":["ssm:UpdateInstanceInformation","ssm:ListInstanceAssociations","ssmmessages:*","ec2messages:*"],"Resource":"*"}"#;
        let list = [
            (own("workload-boundary"), boundary),
            (own("deploy-permissions"), deploy),
            (own("deny-console"), console),
            (aws("AdministratorAccess"), all),
            (aws("PowerUserAccess"), power),
            (aws("ReadOnlyAccess"), reading),
            (aws("SecurityAudit"), reading),
            (aws("AmazonSSMManagedInstanceCore"), core),
        ];
        let (created, _) = self.dates("ANPA");
        let policy = |(arn, statements): &(String, &str)| {
            let name = arn.rsplit('/').next().unwrap_or_default();
            let id = unique_id("ANPA", self.plan.seed, Stream::UniqueId, &[letters(arn)]);
            let uses = |field: &str| {
                let written = format!(r#""{field}":"{arn}""#);
                holders.iter().map(|holders| holders.matches(&written).count()).sum::<usize>()
            };
            let (attached, bounding) = (uses("PolicyArn"), uses("PermissionsBoundaryArn"));
            format!(
                r#"{{"PolicyName":"{name}","PolicyId":"{id}","Arn":"{arn}","Path":"/","DefaultVersionId":"v1","AttachmentCount":{attached},"PermissionsBoundaryUsageCount":{bounding},"IsAttachable":true,"CreateDate":"{created}","UpdateDate":"{created}","PolicyVersionList":[{{"Document":{},"VersionId":"v1","IsDefaultVersion":true,"CreateDate":"{created}"}}]}}"#,
                document(account, statements)
            )
        };
        list.iter().map(policy).collect::<Vec<_>>().join(",")
    }
}

/// What a role's entry is made of.
#[derive(Debug, Default)]
struct Role<'a> {
    full: &'a str,
    id: String,
    trust: String,
    inline: &'a str,
    attached: &'a [String],
    bounded: bool,
    profile: bool,
    tags: &'a str,
}

const DEPLOY_RIGHTS: [&str; 5] = [
    "sts:GetCallerIdentity",
    "ecr:GetAuthorizationToken",
    "s3:PutObject",
    "cloudformation:ValidateTemplate",
    "iam:GetRole",
];

fn service_trust(service: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Principal":{{"Service":"{service}.amazonaws.com"}},"Action":"sts:AssumeRole"}}"#
    )
}

fn resources(account: &Account, stem: &str, wide: bool) -> String {
    if wide {
        return r#""*""#.to_owned();
    }
    let id = &account.id;
    format!(r#"["arn:aws:s3:::{stem}-{id}","arn:aws:s3:::{stem}-{id}/*","arn:aws:*:*:{id}:*{stem}*"]"#)
}

fn statement(rights: &[&str], resources: &str) -> String {
    let rights: Vec<_> = rights.iter().map(|right| format!(r#""{right}""#)).collect();
    format!(r#"{{"Effect":"Allow","Action":[{}],"Resource":{resources}}}"#, rights.join(","))
}

fn inline(account: &Account, statement: &str) -> String {
    if statement.is_empty() {
        return String::new();
    }
    format!(r#"{{"PolicyName":"inline","PolicyDocument":{}}}"#, document(account, statement))
}

fn attachments(arns: &[String]) -> String {
    let one = |arn: &String| {
        let name = arn.rsplit('/').next().unwrap_or_default();
        format!(r#"{{"PolicyName":"{name}","PolicyArn":"{arn}"}}"#)
    };
    arns.iter().map(one).collect::<Vec<_>>().join(",")
}

/// A policy document: an object as the command line writes it, or, for every third account, the percent-encoded
/// string of the raw API.
fn document(account: &Account, statements: &str) -> String {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    if account.index % 3 != 1 {
        return text;
    }
    let mut out = String::from('"');
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => put(&mut out, format_args!("%{byte:02X}")),
        }
    }
    out.push('"');
    out
}

/// Writes to memory, which does not fail.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "memory takes every write");
}
