"""The dashboards and alarms of the template, evaluated and drawn here as CloudWatch would, without AWS."""
