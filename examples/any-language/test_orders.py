"""Tests a program that keeps its context in the vendor's service, using a double of the service."""

import json
import os
import subprocess
import unittest
import urllib.error
import urllib.request

# The command that starts the double. It is run directly: a signal to npx does not end the server.
COMMAND = json.loads(os.environ.get("CONTEXT_STORE", '["node_modules/.bin/context-store"]'))


def call(url, method="GET", value=None):
    """Sends JSON; returns the status and the JSON of the response."""
    headers = {"maven-api-key": "any", "content-type": "application/json"}
    body = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            status, text = error.code, error.read()
    return status, json.loads(text) if text else None


def take_order(url, conversation, item):
    """The program under test: it tries once more if the service fails."""
    path = f"{url}/v1/account/577089/orders/{conversation}/properties"
    for _ in range(2):
        status, _ = call(path, "PATCH", {"item": item})
        if status == 204:
            return True
    return False


class Orders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        arguments = ["serve", "--control", "--port", "0", "--json"]
        cls.double = subprocess.Popen(COMMAND + arguments, stdout=subprocess.PIPE, text=True)
        cls.url = json.loads(cls.double.stdout.readline())["url"]

    @classmethod
    def tearDownClass(cls):
        cls.double.terminate()
        cls.double.wait()
        cls.double.stdout.close()

    def setUp(self):
        call(f"{self.url}/control/reset", "POST")

    def tearDown(self):
        # Every planned fault was used, and every request had a path that the service knows.
        self.assertEqual(call(f"{self.url}/control/done"), (204, None))

    def test_an_order_is_stored(self):
        self.assertTrue(take_order(self.url, "c1", "tea"))
        _, state = call(f"{self.url}/control/state")
        self.assertEqual(state, {"577089": {"orders": {"c1": {"item": "tea"}}}})

    def test_an_order_is_retried_after_one_failure(self):
        call(f"{self.url}/control/faults", "POST", {"status": 503, "match": {"method": "PATCH"}})
        self.assertTrue(take_order(self.url, "c1", "tea"))
        _, requests = call(f"{self.url}/control/requests")
        self.assertEqual([request["status"] for request in requests], [503, 204])


if __name__ == "__main__":
    unittest.main()
