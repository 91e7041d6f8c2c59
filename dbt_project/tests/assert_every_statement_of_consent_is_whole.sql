-- Every delivered statement says whose address, which channel, what for and what; asked once, for the view reads every source.
select address, channel, purpose, status, source, batch
from {{ ref('int_consents__delivered') }}
where address is null or channel is null or purpose is null or status is null
