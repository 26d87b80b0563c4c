//! What an attacker does, step by step.

use doorward_model::time::Millis;

use crate::attack::Technique;
use crate::attack::victim::Victim;
use crate::calls::{Call, data_read, read, write};
use crate::organisation::{Class, Organisation};
use crate::random::{Random, Stream};
use crate::record::Fault;
use crate::session::unique_id;

/// The account of whoever is behind it all.
const OUTSIDE: &str = "999900001111";

/// One step of an attack.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// How long after the step before.
    pub(crate) after: Millis,
    pub(crate) call: Call,
    pub(crate) fault: Fault,
    pub(crate) request: Option<String>,
    pub(crate) response: Option<String>,
}

fn step(seconds: i64, call: Call) -> Step {
    Step { after: Millis::SECOND.times(seconds), call, fault: Fault::None, request: None, response: None }
}

impl Step {
    fn denied(self) -> Self {
        Self { fault: Fault::Denied, ..self }
    }

    fn asks(self, request: String) -> Self {
        Self { request: Some(request), ..self }
    }

    fn says(self, response: String) -> Self {
        Self { response: Some(response), ..self }
    }
}

const WHO: Call = read("sts", "GetCallerIdentity", "");
const SECRETS: Call = read("secretsmanager", "ListSecrets", r#"{"maxResults":100}"#);
const SECRET: Call = read("secretsmanager", "GetSecretValue", r#"{"secretId":"shared/$h"}"#);
const USERS: Call = read("iam", "ListUsers", "");
const ROLES: Call = read("iam", "ListRoles", "");

impl Organisation {
    /// The steps of an attack on a victim.
    pub(crate) fn steps(&self, technique: Technique, victim: &Victim) -> Vec<Step> {
        match technique {
            Technique::InstanceCredentialTheft => instance_credential_theft(),
            Technique::LeakedKey => self.leaked_key(victim),
            Technique::LoginProfileBackdoor => self.login_profile_backdoor(victim),
            Technique::LoggingStopped => logging_stopped(),
            Technique::SecretsHarvest => secrets_harvest(),
            Technique::RoleTrustBackdoor => role_trust_backdoor(),
            Technique::NewRegionCompute => new_region_compute(),
            Technique::ModelHijack => model_hijack(),
            Technique::SnapshotShared => snapshot_shared(),
            Technique::CommandFanOut => command_fan_out(),
            Technique::AgentDrift => self.agent_drift(victim),
            Technique::SlowDiscovery => self.slow_discovery(),
        }
    }

    /// Another user of the organisation, to make things for.
    fn other_user(&self, victim: &Victim) -> String {
        let (count, own) = (self.count(Class::User), victim.member);
        let others = (1..count).map(|step| self.member(Class::User, (own.ordinal + step) % count));
        // A user of the own account, where there is another one.
        let other =
            others.clone().find(|other| other.account == own.account).or_else(|| others.clone().next());
        self.name(other.unwrap_or(own))
    }

    fn leaked_key(&self, victim: &Victim) -> Vec<Step> {
        let other = self.other_user(victim);
        let asks = format!(r#"{{"userName":"{other}"}}"#);
        let key = unique_id("AKIA", self.plan.seed, Stream::Attack, &[u64::from(victim.member.index)]);
        let made =
            format!(r#"{{"accessKey":{{"userName":"{other}","accessKeyId":"{key}","status":"Active"}}}}"#);
        let attach =
            format!(r#"{{"userName":"{other}","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}}"#);
        vec![
            step(0, WHO),
            step(9, USERS),
            step(4, ROLES).denied(),
            step(6, read("iam", "ListAttachedUserPolicies", "")).asks(asks.clone()),
            step(5, read("iam", "GetAccountAuthorizationDetails", "")).denied(),
            step(3, read("s3", "ListBuckets", "")),
            step(41, write("iam", "CreateAccessKey", "")).asks(asks).says(made),
            step(12, write("iam", "AttachUserPolicy", "")).asks(attach),
        ]
    }

    fn login_profile_backdoor(&self, victim: &Victim) -> Vec<Step> {
        let other = self.other_user(victim);
        let asks = format!(r#"{{"userName":"{other}","passwordResetRequired":false}}"#);
        let made = format!(r#"{{"loginProfile":{{"userName":"{other}","passwordResetRequired":false}}}}"#);
        vec![
            step(0, USERS),
            step(14, read("iam", "GetLoginProfile", "")).asks(format!(r#"{{"userName":"{other}"}}"#)),
            step(20, write("iam", "CreateLoginProfile", "")).asks(asks).says(made),
        ]
    }

    fn agent_drift(&self, victim: &Victim) -> Vec<Step> {
        let other = self.other_user(victim);
        let key = unique_id("AKIA", self.plan.seed, Stream::Attack, &[u64::from(victim.member.index), 2]);
        let asks = format!(r#"{{"userName":"{other}"}}"#);
        let made =
            format!(r#"{{"accessKey":{{"userName":"{other}","accessKeyId":"{key}","status":"Active"}}}}"#);
        let mut steps = vec![step(0, SECRETS), step(3, ROLES)];
        steps.extend((0..6).map(|_| step(2, SECRET)));
        steps.extend([
            step(15, read("iam", "ListAttachedRolePolicies", r#"{"roleName":"$r-fn"}"#)),
            step(
                4,
                write(
                    "iam",
                    "AttachRolePolicy",
                    r#"{"roleName":"$r-fn","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}"#,
                ),
            )
            .denied(),
            step(8, write("iam", "CreateAccessKey", "")).asks(asks).says(made),
        ]);
        steps
    }

    /// One a day, at no fixed hour.
    fn slow_discovery(&self) -> Vec<Step> {
        const ODD: [Call; 7] = [
            ROLES,
            read("ec2", "DescribeSnapshots", r#"{"ownersSet":{"items":[{"owner":"self"}]}}"#),
            read("s3", "ListBuckets", ""),
            read("rds", "DescribeDBSnapshots", ""),
            SECRETS,
            read("organizations", "ListAccounts", ""),
            read("iam", "ListUsers", ""),
        ];
        let days = usize::try_from(self.plan.days.saturating_sub(1).clamp(1, 14)).unwrap_or(1);
        let mut random = Random::of(self.plan.seed, Stream::Attack, &[0x510]);
        let mut pause = move || 86_400 + i64::try_from(random.below(3_600)).unwrap_or_default() - 1_800;
        (0..days)
            .zip(ODD.iter().cycle())
            .map(|(day, call)| step(if day == 0 { 0 } else { pause() }, *call))
            .collect()
    }
}

fn instance_credential_theft() -> Vec<Step> {
    vec![
        step(0, WHO),
        step(11, read("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#)),
        step(7, read("s3", "ListBuckets", "")).denied(),
        step(5, USERS).denied(),
        step(5, ROLES).denied(),
        step(8, SECRETS).denied(),
        step(
            21,
            read("ssm", "GetParametersByPath", r#"{"path":"/","recursive":true,"withDecryption":true}"#),
        ),
        step(30, data_read("s3", "GetObject", r#"{"bucketName":"$r-$a","key":"backup/$h.sql"}"#)),
    ]
}

fn logging_stopped() -> Vec<Step> {
    vec![
        step(0, read("cloudtrail", "DescribeTrails", "")),
        step(12, read("cloudtrail", "GetTrailStatus", r#"{"name":"account-trail"}"#)),
        step(
            9,
            write("cloudtrail", "StopLogging", r#"{"name":"arn:aws:cloudtrail:$g:$a:trail/account-trail"}"#),
        ),
        step(
            33,
            write("cloudtrail", "DeleteTrail", r#"{"name":"arn:aws:cloudtrail:$g:$a:trail/account-trail"}"#),
        ),
    ]
}

fn secrets_harvest() -> Vec<Step> {
    let batch = read(
        "secretsmanager",
        "BatchGetSecretValue",
        r#"{"filters":[{"key":"name","values":["shared"]}],"maxResults":20}"#,
    );
    let mut steps = vec![step(0, WHO), step(4, SECRETS)];
    steps.extend((0..25).map(|_| step(1, SECRET)));
    steps.extend([step(3, batch), step(6, batch)]);
    steps
}

fn role_trust_backdoor() -> Vec<Step> {
    let trust = format!(
        r#"{{"roleName":"platform-admin","policyDocument":"{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{{\"AWS\":\"arn:aws:iam::{OUTSIDE}:root\"}},\"Action\":\"sts:AssumeRole\"}}]}}"}}"#
    );
    vec![
        step(0, ROLES),
        step(17, read("iam", "GetRole", r#"{"roleName":"platform-admin"}"#)),
        step(24, write("iam", "UpdateAssumeRolePolicy", "")).asks(trust),
    ]
}

fn new_region_compute() -> Vec<Step> {
    let run = write(
        "ec2",
        "RunInstances",
        r#"{"instancesSet":{"items":[{"imageId":"ami-$h","minCount":8,"maxCount":8}]},"instanceType":"p5.48xlarge"}"#,
    );
    vec![
        step(0, read("ec2", "DescribeRegions", r#"{"regionSet":{}}"#)),
        step(6, read("servicequotas", "ListServiceQuotas", r#"{"serviceCode":"ec2"}"#)),
        step(14, write("ec2", "CreateKeyPair", r#"{"keyName":"k$n","keyType":"rsa"}"#)),
        step(5, run).denied(),
        step(7, run),
        step(7, run),
    ]
}

fn model_hijack() -> Vec<Step> {
    let invoke = read("bedrock", "InvokeModel", r#"{"modelId":"anthropic.claude-opus-4-20250514-v1:0"}"#);
    let mut steps = vec![
        step(0, read("bedrock", "ListFoundationModels", "")),
        step(
            3,
            read(
                "bedrock",
                "GetFoundationModelAvailability",
                r#"{"modelId":"anthropic.claude-opus-4-20250514-v1:0"}"#,
            ),
        ),
        step(4, invoke).denied(),
        step(9, write("bedrock", "PutUseCaseForModelAccess", "")),
        step(
            12,
            write(
                "bedrock",
                "PutFoundationModelEntitlement",
                r#"{"modelId":"anthropic.claude-opus-4-20250514-v1:0"}"#,
            ),
        ),
    ];
    steps.extend((0..30).map(|_| step(2, invoke)));
    steps
}

fn snapshot_shared() -> Vec<Step> {
    let share = format!(
        r#"{{"snapshotId":"snap-$h","createVolumePermission":{{"add":{{"items":[{{"userId":"{OUTSIDE}"}}]}}}},"attributeType":"CREATE_VOLUME_PERMISSION"}}"#
    );
    vec![
        step(0, read("ec2", "DescribeVolumes", r#"{"volumeSet":{},"filterSet":{}}"#)),
        step(15, write("ec2", "CreateSnapshot", r#"{"volumeId":"vol-$h","description":"tmp"}"#)),
        step(64, write("ec2", "ModifySnapshotAttribute", "")).asks(share),
    ]
}

fn command_fan_out() -> Vec<Step> {
    let command = write(
        "ssm",
        "SendCommand",
        r#"{"documentName":"AWS-RunShellScript","instanceIds":["i-$h"],"parameters":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
    );
    let mut steps = vec![step(0, read("ssm", "DescribeInstanceInformation", ""))];
    steps.extend((0..12).map(|_| step(3, command)));
    steps.push(step(20, read("ssm", "GetCommandInvocation", r#"{"commandId":"$h","instanceId":"i-$h"}"#)));
    steps
}
