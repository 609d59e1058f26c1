"""What a template costs: rendered JSON templates and a dated price table in, dollars a month out.

Resources are priced, not the description, so a change made by hand or by another tool is priced as well. All of it is pure:
no network, no clock (today is an argument), no troposphere, no boto3. `python -m generator costs` and `deploy-stack` use it;
rendering templates does not import it.
"""
