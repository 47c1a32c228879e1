select metric, label, unit, minimum, maximum, reference, bad_direction
from {{ source('bronze', 'metric_catalogue') }}
order by metric
