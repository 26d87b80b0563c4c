//! What policies of the small organisation may say. Each text is a list of statements.

/// What principals may hold.
pub(super) const POLICIES: [&str; 35] = [
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}]"#,
    r#"[{"Effect":"Deny","NotAction":"iam:Detach*","Resource":"*"}]"#,
    r#"[{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/b"}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"sts:*","Resource":["arn:aws:iam::111122223333:role/a","arn:aws:iam::444455556666:role/*"]}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":["iam:PassRole","lambda:*"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:PassRole","ec2:*","ssm:*"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:CreateAccessKey","iam:*LoginProfile"],"Resource":"arn:aws:iam::*:user/b"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:Create*","iam:Delete*","iam:Update*"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:CreatePolicyVersion","iam:SetDefaultPolicyVersion"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:CreatePolicyVersion","sts:AssumeRole"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:AttachRolePolicy","iam:PutRolePolicy","sts:AssumeRole"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:PutUserPolicy","iam:AttachUserPolicy","iam:CreateAccessKey"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:AddUserToGroup","iam:PutGroupPolicy","iam:AttachGroupPolicy"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:DeleteUserPermissionsBoundary","iam:DeleteRolePermissionsBoundary"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:Detach*","iam:Delete*Policy"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:UpdateAssumeRolePolicy","sts:AssumeRole","iam:UpdateSAMLProvider"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["lambda:UpdateFunctionCode","lambda:InvokeFunction","glue:*"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["ssm:UpdateInstanceInformation","s3:GetObject"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["ssm:StartSession","ssm:SendCommand","kms:*","s3:*"],"Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]"#,
    r#"[{"Effect":"Allow","NotAction":"s3:*","Resource":"arn:aws:iam::111122223333:*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":"iam:*","Resource":"*","Surprise":1}]"#,
    r#"[{"Effect":"Allow","Action":["s3:GetObject","sqs:*"],"Resource":["arn:aws:s3:::bucket-b/*","arn:aws:sqs:*:*:q*"]}]"#,
    r#"[{"Effect":"Allow","Action":["s3:*","sqs:ReceiveMessage"],"Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"arn:aws:sqs:eu-west-1:111122223333:q2"}]"#,
    r#"[{"Effect":"Allow","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["sts:AssumeRole","s3:*"],"Resource":["arn:aws:iam::*:role/${aws:username}","arn:aws:s3:::bucket-${aws:username}/*"]}]"#,
    r#"[{"Effect":"Allow","Action":["sts:AssumeRole","s3:*","iam:Put*"],"Resource":"*"},{"Effect":"Deny","Action":"sts:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:*/a","arn:aws:iam::*:role/d*"]}}}]"#,
    r#"[{"Effect":"Allow","Action":["sqs:*","sns:*","lambda:*","iam:PassRole"],"Resource":"*","Condition":{"StringLike":{"aws:RequestedRegion":"us-*"}}}]"#,
    r#"[{"Effect":"Allow","Action":["sns:*","lambda:*","s3:*"],"Resource":["arn:aws:*:*:*:*${aws:RequestedRegion}*","arn:aws:s3:::bucket-b/${aws:RequestedRegion}"]},{"Effect":"Allow","Action":"iam:*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:PassRole","iam:Put*","iam:CreateAccessKey","lambda:*"],"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::111122223333:policy/q"}}}]"#,
    r#"[{"Effect":"Allow","Action":["iam:Update*","iam:PutUserPolicy","iam:CreateAccessKey"],"Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"Null":{"iam:PermissionsBoundary":"true"}}}]"#,
];

/// What somebody holds who may put another version of it in force.
pub(super) const VERSIONED: [&str; 2] = [
    r#"[{"Effect":"Allow","Action":"iam:SetDefaultPolicyVersion","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"iam:*Version","Resource":"arn:aws:iam::111122223333:policy/v"}]"#,
];

/// Whom roles may trust.
pub(super) const TRUSTS: [&str; 26] = [
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:root"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["111122223333","444455556666"]}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:user/a"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["arn:aws:iam::111122223333:role/a","arn:aws:iam::444455556666:role/c"]}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/deploy/s"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["ec2.amazonaws.com","glue.amazonaws.com"],"AWS":"777788889999"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/corp"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.example"},"Condition":{"StringLike":{"token.example:sub":"x"}}}]"#,
    r#"[{"Effect":"Deny","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:user/b"}},{"Effect":"Allow","Action":"sts:AssumeRole","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/b"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:o/*"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":["repo:o/r:*","repo:p/r:*"]},"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Condition":{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:o/r:ref:refs/heads/main","token.actions.githubusercontent.com:environment":"prod"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/gitlab.com"},"Condition":{"StringLike":{"gitlab.com:sub":"project_path:o/*"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABCD"},"Condition":{"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/ABCD:sub":"system:serviceaccount:n:s"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"p"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:*","Principal":{"Service":"rolesanywhere.amazonaws.com","Federated":"arn:aws:iam::111122223333:saml-provider/corp"},"Condition":{"StringEquals":{"saml:sub":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":"*"},{"Effect":"Deny","Action":"*","Principal":"*","Condition":{"StringNotLike":{"token.actions.githubusercontent.com:sub":"repo:o/*"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":7}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["111122223333","444455556666"]},"Condition":{"StringEquals":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/b","arn:aws:iam::111122223333:user/a"]}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["111122223333","444455556666"]},"Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/?"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}]"#,
    r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["lambda.amazonaws.com","glue.amazonaws.com"]},"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:*:*:444455556666:*"}}}]"#,
];

/// What resources may say themselves.
pub(super) const GUARDS: [&str; 10] = [
    r#"[{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"AWS":["arn:aws:iam::111122223333:user/a","arn:aws:iam::111122223333:role/b"]}}]"#,
    r#"[{"Effect":"Deny","Action":"*","Resource":"*","Principal":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*","Surprise":1}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"AWS":"arn:aws:iam::444455556666:root"}}]"#,
    r#"[{"Effect":"Allow","Action":["s3:Get*","sqs:*","kms:*"],"Resource":"*","Principal":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["s3:Get*","sqs:*","kms:*"],"Resource":"*","Principal":{"AWS":["777788889999","111122223333","arn:aws:iam::444455556666:role/c"]}}]"#,
    r#"[{"Effect":"Allow","Action":["s3:Get*","sqs:*"],"Resource":"*","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/deploy/s"},"Condition":{"StringEquals":{"aws:ResourceTag/owner":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/b"}}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::bucket-${aws:username}/*","Principal":{"AWS":"111122223333"}},{"Effect":"Deny","Action":["sqs:*","kms:*"],"Resource":"*","Principal":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":["sqs:*","lambda:*"],"Resource":"*","Principal":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}}]"#,
];

/// What an organisation may limit.
pub(super) const LIMITS: [&str; 11] = [
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":["iam:*","sts:*"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"arn:aws:iam::*:role/a"}]"#,
    r#"[{"Effect":"Allow","Action":7,"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket-b/*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/a","Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"x"}}}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":["lambda:*","iam:SetDefaultPolicyVersion"],"Resource":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":["sts:AssumeRole","iam:Create*"],"Resource":"*","Condition":{"StringNotLike":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/b*","*/a"]}}}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}}]"#,
];

/// What an organisation may limit of whom resources let in.
pub(super) const CONTROLS: [&str; 3] = [
    r#"[{"Effect":"Deny","Action":"sts:*","Resource":"*","Principal":"*","Condition":{"StringNotLikeIfExists":{"token.actions.githubusercontent.com:sub":"repo:o/*"}}}]"#,
    r#"[{"Effect":"Deny","Action":"sts:AssumeRoleWithSAML","Resource":"*","Principal":"*"}]"#,
    r#"[{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}]"#,
];
