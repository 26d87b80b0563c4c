//! What machines do: daily bread, what a new release may add, and the rights that go with it.

use crate::calls::{AUDIT, Call, data_read, data_write, read, write};

/// What machines of one make do.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Habit {
    /// Daily bread, in turn.
    pub(crate) core: &'static [Call],
    /// What a new release may add: other actions of the same services.
    pub(crate) later: &'static [Call],
    /// The rights that go with it, as IAM writes them.
    pub(crate) rights: &'static [&'static str],
}

const SECRET: Call = read("secretsmanager", "GetSecretValue", r#"{"secretId":"$r/db"}"#);
const DECRYPT: Call = read(
    "kms",
    "Decrypt",
    r#"{"encryptionContext":{"SecretARN":"arn:aws:secretsmanager:$g:$a:secret:$r/db-Qx7Tn2"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#,
);
const LOG_STREAM: Call =
    write("logs", "CreateLogStream", r#"{"logGroupName":"/aws/$r","logStreamName":"2026/[$LATEST]$h"}"#);
const PARAMETER: Call = read("ssm", "GetParameter", r#"{"name":"/$r/config","withDecryption":true}"#);
const ECR_TOKEN: Call = read("ecr", "GetAuthorizationToken", "");
const PULL: Call = read(
    "ecr",
    "BatchGetImage",
    r#"{"registryId":"$a","repositoryName":"$r","imageIds":[{"imageTag":"1.$n"}],"acceptedMediaTypes":["application/vnd.oci.image.manifest.v1+json"]}"#,
);
const GET_OBJECT: Call = data_read(
    "s3",
    "GetObject",
    r#"{"bucketName":"$r-$a","Host":"$r-$a.s3.$g.amazonaws.com","key":"in/$h.json"}"#,
);
const PUT_OBJECT: Call = data_write(
    "s3",
    "PutObject",
    r#"{"bucketName":"$r-$a","Host":"$r-$a.s3.$g.amazonaws.com","key":"out/$h.json"}"#,
);

/// Functions.
pub(crate) const FUNCTIONS: [Habit; 4] = [
    Habit {
        core: &[
            LOG_STREAM,
            SECRET,
            DECRYPT,
            GET_OBJECT,
            PUT_OBJECT,
            read(
                "sqs",
                "GetQueueAttributes",
                r#"{"queueUrl":"https://sqs.$g.amazonaws.com/$a/$r","attributeNames":["ApproximateNumberOfMessages"]}"#,
            ),
        ],
        later: &[
            read("sqs", "GetQueueUrl", r#"{"queueName":"$r"}"#),
            read("sqs", "ListQueues", r#"{"queueNamePrefix":"$r"}"#),
            read("secretsmanager", "DescribeSecret", r#"{"secretId":"$r/db"}"#),
            write("logs", "PutRetentionPolicy", r#"{"logGroupName":"/aws/$r","retentionInDays":30}"#),
        ],
        rights: &[
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "secretsmanager:GetSecretValue",
            "kms:Decrypt",
            "s3:GetObject",
            "s3:PutObject",
            "sqs:ReceiveMessage",
            "sqs:GetQueueAttributes",
        ],
    },
    Habit {
        core: &[LOG_STREAM, PARAMETER, DECRYPT, read("dynamodb", "DescribeTable", r#"{"tableName":"$r"}"#)],
        later: &[
            read("dynamodb", "DescribeTimeToLive", r#"{"tableName":"$r"}"#),
            read("ssm", "GetParametersByPath", r#"{"path":"/$r","recursive":true,"withDecryption":true}"#),
            read("kms", "DescribeKey", r#"{"keyId":"alias/$r"}"#),
        ],
        rights: &[
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "ssm:GetParameter*",
            "kms:Decrypt",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:DescribeTable",
        ],
    },
    Habit {
        core: &[
            LOG_STREAM,
            read(
                "athena",
                "StartQueryExecution",
                r#"{"workGroup":"$r","queryExecutionContext":{"database":"lake"},"queryString":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
            ),
            read("athena", "GetQueryExecution", r#"{"queryExecutionId":"$h"}"#),
            read("athena", "GetQueryResults", r#"{"queryExecutionId":"$h"}"#),
            read("glue", "GetTable", r#"{"databaseName":"lake","name":"$r"}"#),
        ],
        later: &[
            read("glue", "GetPartitions", r#"{"databaseName":"lake","tableName":"$r"}"#),
            read("athena", "GetWorkGroup", r#"{"workGroup":"$r"}"#),
            write("glue", "BatchCreatePartition", r#"{"databaseName":"lake","tableName":"$r"}"#),
        ],
        rights: &[
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "athena:StartQueryExecution",
            "athena:GetQuery*",
            "glue:GetTable",
            "glue:GetPartitions",
            "s3:GetObject",
            "s3:PutObject",
        ],
    },
    Habit {
        core: &[
            LOG_STREAM,
            PARAMETER,
            write(
                "ses",
                "SendEmail",
                r#"{"source":"no-reply@corp.example","destination":{"toAddresses":["HIDDEN_DUE_TO_SECURITY_REASONS"]}}"#,
            ),
        ],
        later: &[
            read("ses", "GetSendQuota", ""),
            read(
                "ssm",
                "GetParameters",
                r#"{"names":["/$r/config","/$r/templates"],"withDecryption":false}"#,
            ),
        ],
        rights: &["logs:CreateLogStream", "logs:PutLogEvents", "ssm:GetParameter*", "ses:SendEmail"],
    },
];

/// Containers.
pub(crate) const CONTAINERS: [Habit; 3] = [
    Habit {
        core: &[
            SECRET,
            DECRYPT,
            ECR_TOKEN,
            PULL,
            LOG_STREAM,
            read(
                "servicediscovery",
                "DiscoverInstances",
                r#"{"namespaceName":"corp.internal","serviceName":"$r"}"#,
            ),
        ],
        later: &[
            read("ecr", "BatchCheckLayerAvailability", r#"{"registryId":"$a","repositoryName":"$r"}"#),
            read("servicediscovery", "ListServices", ""),
            read("secretsmanager", "DescribeSecret", r#"{"secretId":"$r/db"}"#),
        ],
        rights: &[
            "secretsmanager:GetSecretValue",
            "kms:Decrypt",
            "ecr:GetAuthorizationToken",
            "ecr:BatchGetImage",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "servicediscovery:DiscoverInstances",
        ],
    },
    Habit {
        core: &[
            ECR_TOKEN,
            PULL,
            LOG_STREAM,
            read("kinesis", "DescribeStreamSummary", r#"{"streamName":"$r"}"#),
            read("kinesis", "ListShards", r#"{"streamName":"$r"}"#),
            PUT_OBJECT,
        ],
        later: &[
            write(
                "kinesis",
                "RegisterStreamConsumer",
                r#"{"streamARN":"arn:aws:kinesis:$g:$a:stream/$r","consumerName":"$r-$n"}"#,
            ),
            read(
                "kinesis",
                "DescribeStreamConsumer",
                r#"{"streamARN":"arn:aws:kinesis:$g:$a:stream/$r","consumerName":"$r-$n"}"#,
            ),
            read("kinesis", "DescribeLimits", ""),
        ],
        rights: &[
            "ecr:GetAuthorizationToken",
            "ecr:BatchGetImage",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "kinesis:GetRecords",
            "kinesis:ListShards",
            "kinesis:DescribeStreamSummary",
            "s3:PutObject",
        ],
    },
    Habit {
        core: &[
            ECR_TOKEN,
            PULL,
            LOG_STREAM,
            GET_OBJECT,
            read("sagemaker", "DescribeEndpoint", r#"{"endpointName":"$r"}"#),
        ],
        later: &[
            read("sagemaker", "ListModels", r#"{"maxResults":50}"#),
            read("sagemaker", "DescribeEndpointConfig", r#"{"endpointConfigName":"$r"}"#),
            write(
                "sagemaker",
                "CreateTrainingJob",
                r#"{"trainingJobName":"$r-$h","roleArn":"arn:aws:iam::$a:role/$r-task"}"#,
            ),
        ],
        rights: &[
            "ecr:GetAuthorizationToken",
            "ecr:BatchGetImage",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "s3:GetObject",
            "sagemaker:DescribeEndpoint",
            "sagemaker:InvokeEndpoint",
        ],
    },
];

/// Instances.
pub(crate) const INSTANCES: [Habit; 3] = [
    Habit {
        core: &[
            write(
                "ssm",
                "UpdateInstanceInformation",
                r#"{"instanceId":"i-$h","agentName":"amazon-ssm-agent","agentVersion":"3.3.987.0","platformType":"Linux","platformName":"Amazon Linux"}"#,
            ),
            read("ssm", "ListInstanceAssociations", r#"{"instanceId":"i-$h","maxResults":20}"#),
            read(
                "ec2",
                "DescribeTags",
                r#"{"filterSet":{"items":[{"name":"resource-id","valueSet":{"items":[{"value":"i-$h"}]}}]}}"#,
            ),
            PARAMETER,
        ],
        later: &[
            read("ssm", "DescribeDocument", r#"{"name":"AWS-RunPatchBaseline"}"#),
            write("ssm", "PutComplianceItems", r#"{"resourceId":"i-$h","complianceType":"Association"}"#),
            read("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#),
        ],
        rights: &[
            "ssm:UpdateInstanceInformation",
            "ssm:ListInstanceAssociations",
            "ssm:GetParameter",
            "ssmmessages:*",
            "ec2:DescribeTags",
        ],
    },
    Habit {
        core: &[
            ECR_TOKEN,
            PULL,
            read("codeartifact", "GetAuthorizationToken", r#"{"domain":"corp","durationSeconds":43200}"#),
            GET_OBJECT,
            PUT_OBJECT,
        ],
        later: &[
            read("codeartifact", "ListPackages", r#"{"domain":"corp","repository":"main"}"#),
            read("ecr", "DescribeImages", r#"{"repositoryName":"$r"}"#),
            read("ecr", "ListImages", r#"{"repositoryName":"$r"}"#),
        ],
        rights: &[
            "ecr:*",
            "codeartifact:GetAuthorizationToken",
            "codeartifact:ReadFromRepository",
            "sts:GetServiceBearerToken",
            "s3:GetObject",
            "s3:PutObject",
        ],
    },
    Habit {
        core: &[
            ECR_TOKEN,
            PULL,
            read("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#),
            read("ec2", "DescribeVolumes", r#"{"volumeSet":{},"filterSet":{}}"#),
            read("eks", "DescribeCluster", r#"{"name":"$r"}"#),
        ],
        later: &[
            write(
                "ec2",
                "AttachVolume",
                r#"{"volumeId":"vol-$h","instanceId":"i-$h","device":"/dev/xvdba"}"#,
            ),
            write(
                "ec2",
                "AssignPrivateIpAddresses",
                r#"{"networkInterfaceId":"eni-$h","secondaryPrivateIpAddressCount":1}"#,
            ),
            read("ec2", "DescribeNetworkInterfaces", r#"{"networkInterfaceIdSet":{},"filterSet":{}}"#),
        ],
        rights: &[
            "ecr:GetAuthorizationToken",
            "ecr:BatchGetImage",
            "ec2:Describe*",
            "ec2:AttachVolume",
            "ec2:AssignPrivateIpAddresses",
            "eks:DescribeCluster",
        ],
    },
];

/// IAM users that programs outside of AWS hold keys of.
pub(crate) const USERS: [Habit; 4] = [
    Habit {
        core: &[
            PUT_OBJECT,
            GET_OBJECT,
            data_read("s3", "ListObjects", r#"{"bucketName":"$r-$a","list-type":"2"}"#),
            read("s3", "GetBucketLocation", r#"{"bucketName":"$r-$a","location":""}"#),
        ],
        later: &[
            read("s3", "GetBucketVersioning", r#"{"bucketName":"$r-$a","versioning":""}"#),
            read("s3", "ListMultipartUploads", r#"{"bucketName":"$r-$a","uploads":""}"#),
        ],
        rights: &["s3:PutObject", "s3:GetObject", "s3:ListBucket"],
    },
    Habit {
        core: &[
            read(
                "monitoring",
                "GetMetricData",
                r#"{"startTime":"Oct 1, 2026, 0:00:00 AM","maxDatapoints":500}"#,
            ),
            read("monitoring", "ListMetrics", r#"{"namespace":"AWS/EC2"}"#),
            read("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#),
            read("rds", "DescribeDBInstances", ""),
        ],
        later: &[
            read("rds", "DescribeDBClusters", ""),
            read("ec2", "DescribeVolumes", r#"{"volumeSet":{},"filterSet":{}}"#),
            read("monitoring", "DescribeAlarms", ""),
        ],
        rights: &[
            "cloudwatch:GetMetricData",
            "cloudwatch:ListMetrics",
            "ec2:DescribeInstances",
            "rds:Describe*",
        ],
    },
    Habit {
        core: &[
            ECR_TOKEN,
            write("ecr", "InitiateLayerUpload", r#"{"registryId":"$a","repositoryName":"$r"}"#),
            write("ecr", "PutImage", r#"{"registryId":"$a","repositoryName":"$r","imageTag":"1.$n"}"#),
        ],
        later: &[
            read("ecr", "DescribeRepositories", r#"{"registryId":"$a"}"#),
            write("ecr", "CreateRepository", r#"{"repositoryName":"$r-next"}"#),
        ],
        rights: &[
            "ecr:*",
            "iam:ListUsers",
            "iam:CreateAccessKey",
            "iam:AttachUserPolicy",
            "iam:CreateLoginProfile",
        ],
    },
    Habit {
        core: &[
            write("ses", "SendRawEmail", r#"{"source":"no-reply@corp.example"}"#),
            read("ses", "GetSendQuota", ""),
        ],
        later: &[
            read("ses", "GetSendStatistics", ""),
            read("ses", "ListIdentities", r#"{"identityType":"Domain"}"#),
        ],
        rights: &["ses:SendRawEmail", "ses:GetSend*"],
    },
];

/// Products of other companies that were let in.
pub(crate) const VENDORS: [Habit; 3] = [
    Habit {
        core: AUDIT,
        later: &[read("guardduty", "ListDetectors", ""), read("config", "DescribeConfigRules", "")],
        rights: &["ec2:Describe*", "iam:Get*", "iam:List*", "s3:GetBucket*", "kms:List*", "config:Describe*"],
    },
    Habit {
        core: &[
            read("ce", "GetCostAndUsage", r#"{"granularity":"DAILY","metrics":["UnblendedCost"]}"#),
            read("ec2", "DescribeReservedInstances", ""),
            read("organizations", "ListAccounts", ""),
        ],
        later: &[
            read("ce", "GetReservationUtilization", r#"{"granularity":"DAILY"}"#),
            read("ce", "GetSavingsPlansUtilization", r#"{"granularity":"DAILY"}"#),
        ],
        rights: &["ce:Get*", "ec2:DescribeReservedInstances", "organizations:ListAccounts"],
    },
    Habit {
        core: &[
            read("monitoring", "GetMetricData", r#"{"maxDatapoints":500}"#),
            read("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#),
            read("lambda", "ListFunctions20150331", ""),
            read("tagging", "GetResources", r#"{"resourcesPerPage":100}"#),
        ],
        later: &[
            read("monitoring", "DescribeAlarms", ""),
            read("lambda", "GetFunctionConfiguration20150331v2", r#"{"functionName":"$r"}"#),
        ],
        rights: &["cloudwatch:Get*", "cloudwatch:List*", "ec2:Describe*", "lambda:List*", "tag:GetResources"],
    },
];

/// AI agents with roles of their own.
pub(crate) const AGENTS: [Habit; 3] = [
    Habit {
        core: &[
            read("bedrock", "InvokeModel", r#"{"modelId":"anthropic.claude-sonnet-4-20250514-v1:0"}"#),
            read("bedrock", "Converse", r#"{"modelId":"anthropic.claude-sonnet-4-20250514-v1:0"}"#),
            GET_OBJECT,
            read("dynamodb", "DescribeTable", r#"{"tableName":"$r"}"#),
        ],
        later: &[
            read("bedrock", "Retrieve", r#"{"knowledgeBaseId":"KB$n$n$n$n$n"}"#),
            read("bedrock", "GetGuardrail", r#"{"guardrailIdentifier":"$r"}"#),
        ],
        rights: &[
            "bedrock:InvokeModel",
            "bedrock:Converse*",
            "s3:GetObject",
            "dynamodb:Query",
            "dynamodb:DescribeTable",
        ],
    },
    Habit {
        core: &[
            data_write(
                "bedrock-agentcore",
                "InvokeGateway",
                r#"{"gatewayId":"$r-gw","body":{"jsonrpc":"2.0","method":"tools/call","params":{"clientInfo":{"name":"mcp","version":"0.1.0"},"protocolVersion":"2025-06-18"}}}"#,
            ),
            read("bedrock", "InvokeModel", r#"{"modelId":"amazon.nova-pro-v1:0"}"#),
            SECRET,
        ],
        later: &[
            data_read(
                "bedrock-agentcore",
                "GetMemoryRecord",
                r#"{"memoryId":"$r-mem","memoryRecordId":"$h"}"#,
            ),
            data_write("bedrock-agentcore", "CreateEvent", r#"{"memoryId":"$r-mem"}"#),
        ],
        rights: &["bedrock-agentcore:InvokeGateway", "bedrock:InvokeModel", "secretsmanager:GetSecretValue"],
    },
    Habit {
        core: &[
            read("bedrock", "Converse", r#"{"modelId":"anthropic.claude-haiku-4-5-20251001-v1:0"}"#),
            read(
                "logs",
                "StartQuery",
                r#"{"logGroupName":"/aws/$r","queryString":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
            ),
            read("logs", "GetQueryResults", r#"{"queryId":"$h"}"#),
            read("monitoring", "DescribeAlarms", ""),
        ],
        later: &[
            read("logs", "DescribeLogGroups", ""),
            read("monitoring", "GetMetricData", r#"{"maxDatapoints":500}"#),
        ],
        rights: &[
            "bedrock:Converse*",
            "logs:StartQuery",
            "logs:GetQueryResults",
            "cloudwatch:DescribeAlarms",
        ],
    },
];
