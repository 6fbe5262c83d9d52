"""An organization in moto's server, for which the tests have no client of their own.

usage: python3 organization.py PORT make COUNT          prints {"root": ARN, "management": ID, "accounts": [ID]}
       python3 organization.py PORT role NAME ID        prints the role NAME of an account, or null
       python3 organization.py PORT stack NAME ID FILE KEY=VALUE…   deploys a template in an account
"""

import ast
import json
import sys

import boto3

PORT, COMMAND, *ARGUMENTS = sys.argv[1:]


def client(service, credentials=None):
    keys = credentials or {"AccessKeyId": "test", "SecretAccessKey": "test", "SessionToken": None}
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{PORT}",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def inside(account):
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    return client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]


def make(count):
    organizations = client("organizations")
    made = organizations.create_organization(FeatureSet="ALL")["Organization"]
    ids = [
        organizations.create_account(AccountName=f"client-{index}", Email=f"client-{index}@example.com")[
            "CreateAccountStatus"
        ]["AccountId"]
        for index in range(int(count))
    ]
    root = organizations.list_roots()["Roots"][0]["Arn"]
    return {"root": root, "management": made["MasterAccountId"], "accounts": ids}


def role(name, account):
    iam = client("iam", inside(account))
    try:
        found = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        return None
    policy = iam.get_role_policy(RoleName=name, PolicyName=iam.list_role_policies(RoleName=name)["PolicyNames"][0])
    document = policy["PolicyDocument"]
    # moto returns the document of a template as Python writes it.
    parsed = ast.literal_eval(document) if isinstance(document, str) else document
    return {"trust": found["AssumeRolePolicyDocument"], "policy": parsed}


def stack(name, account, file, *values):
    with open(file, encoding="utf-8") as template:
        client("cloudformation", inside(account)).create_stack(
            StackName=name,
            TemplateBody=template.read(),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in (each.split("=", 1) for each in values)
            ],
        )


print(json.dumps({"make": make, "role": role, "stack": stack}[COMMAND](*ARGUMENTS)))
