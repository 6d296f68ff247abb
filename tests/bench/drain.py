"""The engine alone in a process, as a worker of `manage.py qworker` runs it: one drain per line of its input."""

import sys

import django

from config.memory import share_heaps

if __name__ == "__main__":
    share_heaps()
    django.setup()
    from smartbill.services.submit import submit_due_documents

    for line in sys.stdin:
        submit_due_documents(int(line))
        sys.stdout.write("done\n")
        sys.stdout.flush()
