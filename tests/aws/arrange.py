"""Arranges things in moto, without asking for rights; afterwards it asks for them again.

    arrange.py ENDPOINT make USER ACTION...   makes a user who may do these actions, and prints a key: id and secret
    arrange.py ENDPOINT state USER ID         prints the state of a key
"""

import json
import re
import sys
import urllib.request

import boto3


def ask_for_rights_after(requests):
    headers = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset-auth", str(requests).encode(), headers))


def made(user, *actions):
    iam.create_user(UserName=user)
    if actions:
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=policy)
    while True:
        key = iam.create_access_key(UserName=user)["AccessKey"]
        # AWS writes ids in base32; moto takes all digits.
        if re.fullmatch("AKIA[A-Z2-7]{16}", key["AccessKeyId"]):
            return key["AccessKeyId"], key["SecretAccessKey"]
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])


def state(user, key_id):
    keys = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    return [next((key["Status"] for key in keys if key["AccessKeyId"] == key_id), "gone")]


endpoint, what, *arguments = sys.argv[1:]
anybody = {"aws_access_key_id": "anybody", "aws_secret_access_key": "anything"}
iam = boto3.client("iam", endpoint_url=endpoint, region_name="us-east-1", **anybody)
ask_for_rights_after(1_000_000)
print(*{"make": made, "state": state}[what](*arguments), sep="\n")
ask_for_rights_after(0)
