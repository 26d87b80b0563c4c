//! Calls of the AWS API, with the parameters as CloudTrail shows them.

/// What a call does, as far as its record says so.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    /// It reads; a management event.
    #[default]
    Read,
    /// It writes; a management event.
    Write,
    /// It reads content; a data event.
    DataRead,
    /// It writes content; a data event.
    DataWrite,
}

/// One call. In `request`, `$r` stands for the caller's resource stem, `$a` for the account, `$g` for the region,
/// `$h` for 17 hexadecimal digits, `$n` for one of five numbers.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Call {
    /// The event source without `.amazonaws.com`.
    pub(crate) service: &'static str,
    /// The event name.
    pub(crate) action: &'static str,
    /// What it does.
    pub(crate) effect: Effect,
    /// The request parameters as JSON, or nothing.
    pub(crate) request: &'static str,
}

impl Call {
    /// What the platform answers to a write, as JSON; nothing to most.
    pub(crate) fn answer(&self) -> Option<&'static str> {
        match (self.service, self.action) {
            ("ecs", "RegisterTaskDefinition") => Some(
                r#"{"taskDefinition":{"taskDefinitionArn":"arn:aws:ecs:$g:$a:task-definition/$r:1","family":"$r","revision":1,"taskRoleArn":"arn:aws:iam::$a:role/$r-task","status":"ACTIVE"}}"#,
            ),
            ("lambda", "UpdateFunctionConfiguration20150331v2") => Some(
                r#"{"functionName":"$r","functionArn":"arn:aws:lambda:$g:$a:function:$r","role":"arn:aws:iam::$a:role/$r-fn"}"#,
            ),
            _ => None,
        }
    }
}

/// A reading call.
pub(crate) const fn read(service: &'static str, action: &'static str, request: &'static str) -> Call {
    Call { service, action, effect: Effect::Read, request }
}

/// A writing call.
pub(crate) const fn write(service: &'static str, action: &'static str, request: &'static str) -> Call {
    Call { service, action, effect: Effect::Write, request }
}

/// A call that reads content.
pub(crate) const fn data_read(service: &'static str, action: &'static str, request: &'static str) -> Call {
    Call { service, action, effect: Effect::DataRead, request }
}

/// A call that writes content.
pub(crate) const fn data_write(service: &'static str, action: &'static str, request: &'static str) -> Call {
    Call { service, action, effect: Effect::DataWrite, request }
}

/// What an agent does that works for a developer under the developer's session.
pub(crate) const CODING: &[Call] = &[
    read("logs", "FilterLogEvents", r#"{"logGroupName":"/aws/$r","limit":50}"#),
    read("cloudformation", "DescribeStackEvents", r#"{"stackName":"$r"}"#),
    read("cloudformation", "DescribeStacks", r#"{"stackName":"$r"}"#),
    read("lambda", "GetFunction20150331v2", r#"{"functionName":"$r"}"#),
    read("lambda", "ListFunctions20150331", ""),
    read("logs", "DescribeLogGroups", r#"{"logGroupNamePrefix":"/aws/"}"#),
    read("ecs", "DescribeServices", r#"{"cluster":"main","services":["$r"]}"#),
    read("ecs", "ListTasks", r#"{"cluster":"main","serviceName":"$r"}"#),
    read("s3", "ListBuckets", ""),
    read("sts", "GetCallerIdentity", ""),
];

/// Services that no habit above uses, for machines that take up a new one.
pub(crate) const ELSEWHERE: &[Call] = &[
    read("states", "DescribeExecution", r#"{"executionArn":"arn:aws:states:$g:$a:execution:$r:$h"}"#),
    read(
        "appconfig",
        "GetConfiguration",
        r#"{"Application":"$r","Environment":"main","Configuration":"flags"}"#,
    ),
    read("es", "DescribeDomain", r#"{"domainName":"$r"}"#),
    read("sns", "GetTopicAttributes", r#"{"topicArn":"arn:aws:sns:$g:$a:$r"}"#),
    write("events", "PutRule", r#"{"name":"$r-$n","scheduleExpression":"rate(1 hour)"}"#),
    read("firehose", "DescribeDeliveryStream", r#"{"deliveryStreamName":"$r"}"#),
    read("translate", "TranslateText", r#"{"sourceLanguageCode":"en","targetLanguageCode":"de"}"#),
];

/// What reads far and wide: auditors, posture products.
pub(crate) const AUDIT: &[Call] = &[
    read("iam", "ListUsers", ""),
    read("iam", "ListRoles", ""),
    read("iam", "GetAccountSummary", ""),
    read("iam", "ListAttachedRolePolicies", r#"{"roleName":"$r-fn"}"#),
    read("iam", "GetCredentialReport", ""),
    read("s3", "GetBucketPolicy", r#"{"bucketName":"$r-$a","policy":""}"#),
    read("s3", "GetBucketPublicAccessBlock", r#"{"bucketName":"$r-$a","publicAccessBlock":""}"#),
    read("s3", "ListBuckets", ""),
    read("ec2", "DescribeSecurityGroups", r#"{"securityGroupSet":{},"filterSet":{}}"#),
    read("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#),
    read("ec2", "DescribeSnapshots", r#"{"ownersSet":{"items":[{"owner":"self"}]}}"#),
    read("kms", "ListKeys", ""),
    read("kms", "GetKeyRotationStatus", r#"{"keyId":"alias/$r"}"#),
    read("config", "DescribeConfigurationRecorders", ""),
    read("cloudtrail", "DescribeTrails", ""),
    read("cloudtrail", "GetTrailStatus", r#"{"name":"org-trail"}"#),
    read("rds", "DescribeDBInstances", ""),
    read("lambda", "ListFunctions20150331", ""),
    read("guardduty", "ListFindings", r#"{"detectorId":"$h"}"#),
    read("securityhub", "GetFindings", r#"{"maxResults":100}"#),
];
