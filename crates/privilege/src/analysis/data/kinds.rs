//! Kinds of resources that hold data or secrets, and by which permissions each level over one is had. A few that are
//! characteristic stand for all; who may use one of them has the level.
//!
//! Source: AWS Service Authorization Reference, "Actions, resources, and condition keys" of each service. At which level
//! a permission is stands in `rules/aws/permissions/levels.txt`, too; a test compares.

use crate::level::Level;

/// A kind of resources that hold something.
#[derive(Debug)]
pub struct DataKind {
    /// What rows of the inventory call it: by its ARN, and by its type in AWS Config.
    pub words: &'static [&'static str],
    /// What several are called.
    pub noun: &'static str,
    /// What follows the ARN in the ARNs of what it holds, where permissions act on that.
    pub below: &'static str,
    /// Permissions by level, the highest first.
    pub uses: &'static [Uses],
}

/// Permissions of one level.
#[derive(Debug)]
pub struct Uses {
    /// The level.
    pub level: Level,
    /// On what they are needed.
    pub on: On,
    /// The permissions.
    pub permissions: &'static [&'static str],
}

/// On what a permission is needed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum On {
    /// On the resource.
    Itself,
    /// On something that it holds.
    Within,
}

impl DataKind {
    /// The kind of a word of the inventory.
    #[must_use]
    pub fn of(word: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.words.contains(&word))
    }

    /// The ARN that a permission is asked on, of a resource of this kind.
    #[must_use]
    pub fn asked(&self, arn: &str, on: On) -> String {
        match on {
            Itself => bare(arn).to_owned(),
            Within => format!("{}{}", bare(arn), self.below),
        }
    }
}

/// The ARN of a resource without what stands for all that it holds.
pub(crate) fn bare(arn: &str) -> &str {
    arn.strip_suffix(":*").unwrap_or(arn)
}

/// All permissions that levels are had by.
pub(crate) fn permissions() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|kind| kind.uses).flat_map(|uses| uses.permissions).copied()
}

const fn on(level: Level, on: On, permissions: &'static [&'static str]) -> Uses {
    Uses { level, on, permissions }
}

use Level::{Control, List, Read, Write};
use On::{Itself, Within};

/// The kinds. Whoever controls what runs as a role has that role, so of functions nothing is control here: methods of
/// escalation say who comes to their role.
pub const KINDS: [DataKind; 14] = [
    // Amazon S3. A rule of the life cycle deletes all objects.
    DataKind {
        words: &["s3:bucket"],
        noun: "buckets",
        below: "/*",
        uses: &[
            on(Control, Itself, &["s3:PutBucketPolicy", "s3:PutBucketAcl", "s3:DeleteBucketPolicy"]),
            on(Control, Within, &["s3:PutObjectAcl"]),
            on(Write, Within, &["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"]),
            on(Write, Itself, &["s3:PutLifecycleConfiguration", "s3:DeleteBucket"]),
            on(Read, Within, &["s3:GetObject", "s3:GetObjectVersion"]),
            on(List, Itself, &["s3:ListBucket", "s3:ListBucketVersions"]),
        ],
    },
    // AWS Key Management Service.
    DataKind {
        words: &["kms:key"],
        noun: "keys",
        below: "",
        uses: &[
            on(Control, Itself, &["kms:PutKeyPolicy", "kms:CreateGrant"]),
            on(Write, Itself, &["kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:Encrypt"]),
            on(Read, Itself, &["kms:Decrypt", "kms:ReEncryptFrom"]),
            on(List, Itself, &["kms:DescribeKey"]),
        ],
    },
    // AWS Secrets Manager.
    DataKind {
        words: &["secretsmanager:secret"],
        noun: "secrets",
        below: "",
        uses: &[
            on(Control, Itself, &["secretsmanager:PutResourcePolicy", "secretsmanager:DeleteResourcePolicy"]),
            on(
                Write,
                Itself,
                &[
                    "secretsmanager:PutSecretValue",
                    "secretsmanager:UpdateSecret",
                    "secretsmanager:DeleteSecret",
                ],
            ),
            on(Read, Itself, &["secretsmanager:GetSecretValue"]),
            on(List, Itself, &["secretsmanager:DescribeSecret"]),
        ],
    },
    // AWS Systems Manager.
    DataKind {
        words: &["ssm:parameter"],
        noun: "parameters",
        below: "",
        uses: &[
            on(Control, Itself, &["ssm:PutResourcePolicy"]),
            on(Write, Itself, &["ssm:PutParameter", "ssm:DeleteParameter"]),
            on(Read, Itself, &["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParameterHistory"]),
            on(List, Itself, &["ssm:ListTagsForResource"]),
        ],
    },
    // Amazon DynamoDB.
    DataKind {
        words: &["dynamodb:table"],
        noun: "tables",
        below: "",
        uses: &[
            on(Control, Itself, &["dynamodb:PutResourcePolicy", "dynamodb:DeleteResourcePolicy"]),
            on(
                Write,
                Itself,
                &[
                    "dynamodb:PutItem",
                    "dynamodb:UpdateItem",
                    "dynamodb:DeleteItem",
                    "dynamodb:BatchWriteItem",
                    "dynamodb:DeleteTable",
                ],
            ),
            on(
                Read,
                Itself,
                &["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"],
            ),
            on(List, Itself, &["dynamodb:DescribeTable"]),
        ],
    },
    // Amazon RDS. Who modifies an instance sets its master password, and takes away its protection from deletion.
    DataKind {
        words: &["rds:db", "rds:db-instance"],
        noun: "database instances",
        below: "",
        uses: &[
            on(Control, Itself, &["rds:ModifyDBInstance"]),
            on(Write, Itself, &["rds:DeleteDBInstance", "rds:RebootDBInstance"]),
            on(Read, Itself, &["rds:DownloadDBLogFilePortion"]),
            on(List, Itself, &["rds:DescribeDBInstances"]),
        ],
    },
    // Amazon RDS and its Data API.
    DataKind {
        words: &["rds:cluster", "rds:db-cluster"],
        noun: "database clusters",
        below: "",
        uses: &[
            on(Control, Itself, &["rds:ModifyDBCluster"]),
            on(Write, Itself, &["rds:DeleteDBCluster", "rds-data:ExecuteStatement"]),
            on(List, Itself, &["rds:DescribeDBClusters"]),
        ],
    },
    // Amazon SQS.
    DataKind {
        words: &["sqs:queue"],
        noun: "queues",
        below: "",
        uses: &[
            on(Control, Itself, &["sqs:SetQueueAttributes", "sqs:AddPermission"]),
            on(Write, Itself, &["sqs:SendMessage", "sqs:DeleteMessage", "sqs:PurgeQueue", "sqs:DeleteQueue"]),
            on(Read, Itself, &["sqs:ReceiveMessage"]),
            on(List, Itself, &["sqs:GetQueueAttributes"]),
        ],
    },
    // Amazon SNS. Who subscribes reads what is published.
    DataKind {
        words: &["sns:topic"],
        noun: "topics",
        below: "",
        uses: &[
            on(Control, Itself, &["sns:SetTopicAttributes", "sns:AddPermission"]),
            on(Write, Itself, &["sns:Publish", "sns:DeleteTopic"]),
            on(Read, Itself, &["sns:Subscribe"]),
            on(List, Itself, &["sns:GetTopicAttributes"]),
        ],
    },
    // Amazon Elastic Container Registry.
    DataKind {
        words: &["ecr:repository"],
        noun: "repositories",
        below: "",
        uses: &[
            on(Control, Itself, &["ecr:SetRepositoryPolicy", "ecr:DeleteRepositoryPolicy"]),
            on(Write, Itself, &["ecr:PutImage", "ecr:BatchDeleteImage", "ecr:DeleteRepository"]),
            on(Read, Itself, &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]),
            on(List, Itself, &["ecr:DescribeImages", "ecr:ListImages"]),
        ],
    },
    // AWS Lambda. Its settings carry secrets.
    DataKind {
        words: &["lambda:function"],
        noun: "functions",
        below: "",
        uses: &[
            on(
                Write,
                Itself,
                &["lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:DeleteFunction"],
            ),
            on(Read, Itself, &["lambda:GetFunction", "lambda:GetFunctionConfiguration"]),
            on(List, Itself, &["lambda:GetPolicy"]),
        ],
    },
    // Amazon CloudWatch Logs. Permissions on a group are written with what follows its name.
    DataKind {
        words: &["logs:log-group"],
        noun: "log groups",
        below: ":log-stream:any",
        uses: &[
            on(Write, Within, &["logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:PutLogEvents"]),
            on(Read, Within, &["logs:FilterLogEvents", "logs:GetLogEvents"]),
            on(List, Within, &["logs:DescribeLogStreams"]),
        ],
    },
    // Amazon Kinesis Data Streams.
    DataKind {
        words: &["kinesis:stream"],
        noun: "streams",
        below: "",
        uses: &[
            on(Control, Itself, &["kinesis:PutResourcePolicy"]),
            on(Write, Itself, &["kinesis:PutRecord", "kinesis:PutRecords", "kinesis:DeleteStream"]),
            on(Read, Itself, &["kinesis:GetRecords", "kinesis:SubscribeToShard"]),
            on(List, Itself, &["kinesis:DescribeStream", "kinesis:DescribeStreamSummary"]),
        ],
    },
    // Amazon Elastic File System.
    DataKind {
        words: &["elasticfilesystem:file-system", "efs:file-system"],
        noun: "file systems",
        below: "",
        uses: &[
            on(Control, Itself, &["elasticfilesystem:PutFileSystemPolicy"]),
            on(Write, Itself, &["elasticfilesystem:ClientWrite", "elasticfilesystem:DeleteFileSystem"]),
            on(Read, Itself, &["elasticfilesystem:ClientMount"]),
            on(List, Itself, &["elasticfilesystem:DescribeFileSystems"]),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::KINDS;
    use crate::catalog::Catalog;
    use crate::level::Level;

    #[test]
    fn each_permission_is_known_and_of_the_level_that_the_list_gives_it() {
        let catalog = Catalog::shipped().unwrap_or_else(|error| panic!("{error}"));
        let mut wrong = Vec::new();
        for uses in KINDS.iter().flat_map(|kind| kind.uses) {
            for name in uses.permissions {
                let found = catalog.find(name).map(|id| (catalog.name(id), catalog.level(id)));
                if found != Some((name, uses.level)) {
                    wrong.push(format!("{name} {:?}: {found:?}", uses.level));
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }

    #[test]
    fn levels_fall_from_use_to_use() {
        let levels = |kind: &super::DataKind| kind.uses.iter().map(|uses| uses.level).collect::<Vec<Level>>();
        let rising: Vec<&str> = KINDS
            .iter()
            .filter(|kind| !levels(kind).is_sorted_by(|one, next| one >= next))
            .map(|kind| kind.noun)
            .collect();
        assert_eq!(rising, Vec::<&str>::new());
    }
}
