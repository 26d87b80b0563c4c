//! What people do, by department.

use crate::calls::{AUDIT, Call, read, write};
use crate::random::nth;

/// A department: everybody in it holds one permission set.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Department {
    /// The permission set, which names the reserved role.
    pub(crate) permission_set: &'static str,
    /// What its people do, most usual first.
    pub(crate) calls: &'static [Call],
    /// The managed policy behind the permission set.
    pub(crate) policy: &'static str,
    /// Whether its people write programs, and so may have an agent at work for them.
    pub(crate) writes_code: bool,
    /// How many of ten of its sessions are in the console.
    pub(crate) console_of_ten: u64,
}

const DEVELOPMENT: Department = Department {
    permission_set: "DeveloperAccess",
    calls: &[
        read("logs", "FilterLogEvents", r#"{"logGroupName":"/aws/$r","limit":100}"#),
        read("lambda", "ListFunctions20150331", ""),
        read("cloudformation", "DescribeStacks", r#"{"stackName":"$r"}"#),
        read("logs", "DescribeLogGroups", ""),
        read("lambda", "GetFunction20150331v2", r#"{"functionName":"$r"}"#),
        read("dynamodb", "DescribeTable", r#"{"tableName":"$r"}"#),
        read("sqs", "GetQueueAttributes", r#"{"queueUrl":"https://sqs.$g.amazonaws.com/$a/$r"}"#),
        read("s3", "ListBuckets", ""),
        read("ecs", "DescribeServices", r#"{"cluster":"main","services":["$r"]}"#),
        read("monitoring", "DescribeAlarms", ""),
        write("lambda", "UpdateFunctionConfiguration20150331v2", r#"{"functionName":"$r","timeout":30}"#),
        read("ssm", "GetParameter", r#"{"name":"/$r/config","withDecryption":false}"#),
        read("cloudformation", "ListStacks", ""),
        write("sqs", "PurgeQueue", r#"{"queueUrl":"https://sqs.$g.amazonaws.com/$a/$r-dead"}"#),
        read("states", "ListExecutions", r#"{"stateMachineArn":"arn:aws:states:$g:$a:stateMachine:$r"}"#),
        write("lambda", "Invoke", r#"{"functionName":"$r","invocationType":"RequestResponse"}"#),
        read("xray", "GetTraceSummaries", ""),
        read("apigateway", "GetRestApis", ""),
    ],
    policy: "PowerUserAccess",
    writes_code: true,
    console_of_ten: 5,
};

const PLATFORM: Department = Department {
    permission_set: "AdministratorAccess",
    calls: &[
        read("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#),
        read("eks", "DescribeCluster", r#"{"name":"main"}"#),
        read("iam", "GetRole", r#"{"roleName":"$r-fn"}"#),
        read("cloudformation", "DescribeStacks", r#"{"stackName":"$r"}"#),
        read("ec2", "DescribeSecurityGroups", r#"{"securityGroupSet":{},"filterSet":{}}"#),
        read("iam", "ListRoles", ""),
        read("route53", "ListHostedZones", ""),
        read("elasticloadbalancing", "DescribeLoadBalancers", ""),
        read("iam", "GetPolicyVersion", r#"{"policyArn":"arn:aws:iam::$a:policy/$r","versionId":"v$n"}"#),
        write(
            "ec2",
            "CreateTags",
            r#"{"resourcesSet":{"items":[{"resourceId":"i-$h"}]},"tagSet":{"items":[{"key":"team","value":"$r"}]}}"#,
        ),
        write(
            "ec2",
            "AuthorizeSecurityGroupIngress",
            r#"{"groupId":"sg-$h","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8"}]}}]}}"#,
        ),
        write(
            "iam",
            "PutRolePolicy",
            r#"{"roleName":"$r-fn","policyName":"queue","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sqs:SendMessage\",\"Resource\":\"*\"}]}"}"#,
        ),
        read("ssm", "DescribeInstanceInformation", ""),
        write("ssm", "StartSession", r#"{"target":"i-$h"}"#),
        read("organizations", "ListAccounts", ""),
        write(
            "iam",
            "AttachRolePolicy",
            r#"{"roleName":"$r-fn","policyArn":"arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"}"#,
        ),
        read("secretsmanager", "ListSecrets", ""),
        read("kms", "ListAliases", ""),
    ],
    policy: "AdministratorAccess",
    writes_code: true,
    console_of_ten: 4,
};

const DATA: Department = Department {
    permission_set: "DataScientist",
    calls: &[
        read(
            "athena",
            "StartQueryExecution",
            r#"{"workGroup":"analysts","queryString":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
        ),
        read("athena", "GetQueryExecution", r#"{"queryExecutionId":"$h"}"#),
        read("athena", "GetQueryResults", r#"{"queryExecutionId":"$h"}"#),
        read("glue", "GetTables", r#"{"databaseName":"lake"}"#),
        read("glue", "GetDatabases", ""),
        read("s3", "ListBuckets", ""),
        read("sagemaker", "ListNotebookInstances", ""),
        read("redshift", "DescribeClusters", ""),
        write("sagemaker", "CreatePresignedDomainUrl", r#"{"domainId":"d-$h","userProfileName":"analyst"}"#),
        read("quicksight", "ListDashboards", r#"{"awsAccountId":"$a"}"#),
        read("bedrock", "InvokeModel", r#"{"modelId":"anthropic.claude-sonnet-4-20250514-v1:0"}"#),
    ],
    policy: "DataScientist",
    writes_code: false,
    console_of_ten: 7,
};

const SECURITY: Department = Department {
    permission_set: "SecurityAudit",
    calls: AUDIT,
    policy: "SecurityAudit",
    writes_code: false,
    console_of_ten: 6,
};

const SUPPORT: Department = Department {
    permission_set: "ReadOnlyAccess",
    calls: &[
        read("monitoring", "DescribeAlarms", ""),
        read(
            "logs",
            "StartQuery",
            r#"{"logGroupName":"/aws/$r","queryString":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
        ),
        read("logs", "GetQueryResults", r#"{"queryId":"$h"}"#),
        read("connect", "ListInstances", ""),
        read("support", "DescribeCases", ""),
        read("health", "DescribeEvents", ""),
        read("rds", "DescribeDBInstances", ""),
    ],
    policy: "ReadOnlyAccess",
    writes_code: false,
    console_of_ten: 9,
};

const FINANCE: Department = Department {
    permission_set: "Billing",
    calls: &[
        read("ce", "GetCostAndUsage", r#"{"granularity":"MONTHLY","metrics":["UnblendedCost"]}"#),
        read("ce", "GetDimensionValues", r#"{"dimension":"SERVICE"}"#),
        read("budgets", "DescribeBudgets", r#"{"accountId":"$a"}"#),
        read("invoicing", "ListInvoiceSummaries", ""),
        read("ce", "GetCostForecast", r#"{"granularity":"MONTHLY","metric":"UNBLENDED_COST"}"#),
    ],
    policy: "job-function/Billing",
    writes_code: false,
    console_of_ten: 10,
};

/// The departments, each once: what an account's permission sets are made of.
pub(crate) const DEPARTMENTS: [Department; 6] = [DEVELOPMENT, PLATFORM, DATA, SECURITY, SUPPORT, FINANCE];

/// One round of people. Small organisations are its beginning.
const ROUND: [Department; 20] = [
    DEVELOPMENT,
    PLATFORM,
    SECURITY,
    DEVELOPMENT,
    DATA,
    DEVELOPMENT,
    SUPPORT,
    PLATFORM,
    FINANCE,
    DEVELOPMENT,
    DEVELOPMENT,
    DATA,
    DEVELOPMENT,
    SUPPORT,
    DEVELOPMENT,
    PLATFORM,
    DEVELOPMENT,
    DATA,
    DEVELOPMENT,
    FINANCE,
];

/// The places in a round of those who write programs.
const CODERS: [u32; 12] = [0, 1, 3, 5, 7, 9, 10, 12, 14, 15, 16, 18];

/// The department of a person.
pub(crate) fn department(person: u32) -> Department {
    nth(&ROUND, u64::from(person))
}

/// The person for whom a coding agent works.
pub(crate) fn coder(agent: u32) -> u32 {
    let round = agent / 12;
    round.saturating_mul(20).saturating_add(nth(&CODERS, u64::from(agent)))
}

/// The coding agent that works for a person, were there agents enough.
pub(crate) fn agent_of(person: u32) -> Option<u32> {
    let (round, place) = (person / 20, person % 20);
    let place =
        CODERS.iter().position(|&coder| coder == place).and_then(|place| u32::try_from(place).ok())?;
    Some(round.saturating_mul(12).saturating_add(place))
}

#[cfg(test)]
mod tests {
    use super::{agent_of, coder, department};

    #[test]
    fn agents_work_for_those_who_write_programs() {
        assert!((0..200).all(|agent| department(coder(agent)).writes_code));
        assert!((0..200).all(|agent| agent_of(coder(agent)) == Some(agent)));
        assert_eq!((coder(0), coder(11), coder(12)), (0, 18, 20));
    }
}
